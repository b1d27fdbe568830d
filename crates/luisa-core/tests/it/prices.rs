//! A price stands in the catalog alone: whatever the staff change there is what every sentence says.

use luisa_core::catalog::Item;
use luisa_core::money::Cop;
use luisa_core::pack::Pack;
use luisa_core::pack::check::stale_prices;
use luisa_core::rehearsal::{Script, play};

use crate::packs::{el_sastre, files, minimal};

fn edited(pack: &Pack, edit: impl FnOnce(&mut Vec<Item>)) -> Pack {
    let mut items = pack.catalog.items.clone();
    edit(&mut items);
    pack.edited(items, std::iter::empty()).unwrap()
}

fn change(items: &mut [Item], id: &str, edit: impl FnOnce(&mut Item)) {
    edit(items.iter_mut().find(|item| item.id == id).unwrap());
}

/// What LUISA says to one message after another, greetings aside.
fn said(pack: &Pack, texts: &[&str]) -> String {
    play(pack, &Script::of_texts("p", texts.iter().map(|text| (*text).to_owned()))).transcript
}

#[test]
fn promotions_and_lowest_prices_follow_the_catalog() {
    let pack = edited(&el_sastre(), |items| {
        change(items, "I008", |item| item.price_cop = Some(Cop(1_250_000)));
        change(items, "I002", |item| item.price_cop = Some(Cop(380_000)));
    });
    let promotions = said(&pack, &["qué promociones tienen?"]);
    assert!(promotions.contains("la Kingter KT-D3 en $1.250.000 y la Kansew KS-8800 en $1.300.000"), "{promotions}");
    let general = said(&pack, &["qué precios manejan?"]);
    assert!(general.contains("$380.000") && general.contains("$1.250.000"), "{general}");
    assert_eq!(stale_prices(&pack), []);
    // The lowest price that the store states holds for products without a price, and for no others.
    let dearer = edited(&el_sastre(), |items| {
        items
            .iter_mut()
            .filter(|item| item.family.as_str() == "familiar")
            .for_each(|item| item.price_cop = Some(Cop(900_000)));
    });
    let general = said(&dearer, &["qué precios manejan?"]);
    assert!(general.contains("$900.000") && !general.contains("$400.000"), "{general}");
}

#[test]
fn one_promotion_none_and_many_are_each_said_as_they_are() {
    let one = edited(&el_sastre(), |items| change(items, "I009", |item| item.promo = false));
    let text = said(&one, &["qué promociones tienen?"]);
    assert!(text.contains("está la Kingter KT-D3 en $1.230.000.") && !text.contains("KS-8800"), "{text}");
    let none = edited(&el_sastre(), |items| items.iter_mut().for_each(|item| item.promo = false));
    let text = said(&none, &["qué promociones tienen?"]);
    assert!(text.contains("no tenemos promociones") && !text.contains('$'), "{text}");
    let many = edited(&el_sastre(), |items| {
        for n in 0..12 {
            let item = items.iter().find(|item| item.id == "I009").unwrap().clone();
            let name = format!("Kansew KS-99{n:02}");
            items.push(Item {
                id: format!("N{n}"),
                model: format!("KS-99{n:02}"),
                name,
                priority: 1,
                aliases: Vec::new(),
                ..item
            });
        }
    });
    let text = said(&many, &["qué promociones tienen?"]);
    assert!(text.contains("la Kingter KT-D3 en $1.230.000, la Kansew KS-8800") && text.contains("y 6 más"), "{text}");
    // The second store has its own words for it.
    let bakery = edited(&minimal(), |items| change(items, "P002", |item| item.promo = true));
    let text = said(&bakery, &["que promociones tienen"]);
    assert!(text.contains("Torta de fresa a $45.000"), "{text}");
}

#[test]
fn what_is_sold_out_is_neither_a_promotion_nor_a_lowest_price() {
    let pack = edited(&el_sastre(), |items| change(items, "I008", |item| item.stock = Some(0)));
    let promotions = said(&pack, &["qué promociones tienen?"]);
    assert!(promotions.contains("KS-8800") && !promotions.contains("KT-D3"), "{promotions}");
    let general = said(&pack, &["qué precios manejan?"]);
    assert!(general.contains("$1.300.000") && !general.contains("$1.230.000"), "{general}");
}

#[test]
fn without_any_price_the_question_about_prices_is_answered_all_the_same() {
    let pack = edited(&el_sastre(), |items| items.iter_mut().for_each(|item| item.price_cop = None));
    let text = said(&pack, &["qué precios manejan?"]);
    assert!(text.contains("depende del modelo") && !text.contains("desde ,") && !text.contains("$1"), "{text}");
}

#[test]
fn an_old_price_in_a_sentence_stops_no_start_and_is_not_said() {
    let mut old = files("el-sastre");
    let replies = String::from_utf8(old["replies.toml"].clone()).unwrap();
    let replies = replies.replacen("En promoción están {dato.promociones};", "La Kingter KT-D3 está en $999.000.", 1);
    old.insert("replies.toml".to_owned(), replies.into_bytes());
    let pack = Pack::load(&old).unwrap();
    let stale = stale_prices(&pack);
    assert!(stale.len() == 1 && stale[0].id == "promociones" && stale[0].claim == "money:$999.000", "{stale:?}");
    let text = said(&pack, &["qué promociones tienen?"]);
    assert!(!text.contains("Luisa:   ¡Hola! Soy Luisa, de El Sastre. La Kingter KT-D3 está en $999.000"), "{text}");
    // Once the catalog says so too, it is right.
    let pack = edited(&pack, |items| change(items, "I008", |item| item.price_cop = Some(Cop(999_000))));
    assert_eq!(stale_prices(&pack), []);
}

#[test]
fn a_brand_that_the_store_takes_up_is_sold_whatever_the_list_of_others_says() {
    let before = el_sastre();
    let jack = Item {
        id: "J1".to_owned(),
        brand: "Jack".to_owned(),
        model: "F4".to_owned(),
        name: "Jack F4".to_owned(),
        price_cop: Some(Cop(1_900_000)),
        promo: false,
        aliases: Vec::new(),
        ..before.catalog.item("I009").unwrap().clone()
    };
    let pack = edited(&before, |items| items.push(jack));
    let text = said(&pack, &["cuánto vale la Jack F4?", "qué marcas manejan?"]);
    assert!(text.contains("Jack F4") && text.contains("$1.900.000"), "{text}");
    assert!(text.contains("Singer, Kingter, Kansew, ") && text.contains("Jack"), "{text}");
    assert!(!text.contains("guards_replaced"), "{text}");
}

#[test]
fn what_is_sold_out_is_said_to_be_and_the_nearest_that_is_there_is_offered_in_its_place() {
    let pack = edited(&el_sastre(), |items| change(items, "I008", |item| item.stock = Some(0)));
    for (asked, then) in [
        ("a cómo la kt-d3?", "en Montería"),
        ("la tienen la kt-d3?", "en Montería"),
        ("foto de la kt-d3", "cuánto vale?"),
    ] {
        let text = said(&pack, &[asked, then]);
        println!("{text}");
        let gone = text.contains("agotada") || text.contains("no nos queda la Kingter KT-D3");
        assert!(gone && text.contains("KS-8800") && !text.contains("$1.230.000"), "{asked}: {text}");
        assert!(!text.contains("promoción en $1.230.000"), "{asked}: {text}");
    }
    let none = edited(&el_sastre(), |items| items.iter_mut().for_each(|item| item.stock = Some(0)));
    let text = said(&none, &["a cómo la kt-d3?", "en Montería"]);
    assert!(text.contains("KT-D3") && !text.contains('$') && !text.contains("handoff:cierre"), "{text}");
}
