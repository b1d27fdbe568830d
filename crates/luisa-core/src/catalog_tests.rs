//! Products found as customers type them.

use super::*;

const HEADER: &str = "id,brand,model,name,family,kind,features,uses,good_for,volume,price_cop,promo,stock,active,image_id,priority,aliases\n";

fn catalog() -> Catalog {
    let rows = "I006,Singer,Heavy Duty,Singer Heavy Duty,familiar,,,,,,,,,,,,\n\
                I007,Singer,Heavy Duty 6705C,Singer Heavy Duty 6705C,familiar,,,,,,,,,,,,6705c|6705\n\
                I008,Kingter,KT-D3,Kingter KT-D3,industrial,,,,,,1230000,,,,,,d3\n\
                I009,Kansew,KS-8800,Kansew KS-8800,industrial,,,,,,1300000,,,,,,8800\n\
                I005,Kingter,,fileteadora Kingter,fileteadora,,,,,,,,,,,,kingter|la de filetear\n\
                P001,,,Pan campesino,pan,,,,,,,,,,,,\n\
                P002,,,Pan,pan,,,,,,,,,,,,\n\
                P003,,,Torta de tres leches con fresa y mora,torta,,,,,,,,,,,,torta\n";
    Catalog::from_csv(format!("{HEADER}{rows}").as_bytes()).expect("valid")
}

fn named(text: &str) -> Vec<String> {
    let catalog = catalog();
    let words = normalize(text, &std::collections::BTreeMap::new()).words;
    catalog.mentions(&words).iter().map(|m| catalog.items[m.item].id.clone()).collect()
}

#[test]
fn models_are_found_however_they_are_typed() {
    assert_eq!(named("a cómo la kingter KT-D3?"), ["I008"]);
    assert_eq!(named("la ktd3 o la ks 8800"), ["I008", "I009"]);
    assert_eq!(named("la 6705c"), ["I007"]);
    assert_eq!(named("la heavy duty 6705 c"), ["I007"]);
    assert_eq!(named("singer heavy duty"), ["I006"]);
    assert_eq!(named("la 6750c"), ["I007"]);
    assert_eq!(named("la 6795c"), Vec::<String>::new());
    assert_eq!(named("kingter"), Vec::<String>::new());
    // As a phone writes down what is said to it.
    assert_eq!(named("la singer sesenta y siete cero cinco ce"), ["I007"]);
    assert_eq!(named("la kansew ochenta y ocho cero cero o la otra"), ["I009"]);
    assert_eq!(named("quiero dos o tres máquinas"), Vec::<String>::new());
}

#[test]
fn a_product_without_a_model_is_found_by_its_whole_name() {
    assert_eq!(named("precio de la fileteadora Kingter"), ["I005"]);
    assert_eq!(named("muéstreme la de filetear"), ["I005"]);
    assert_eq!(named("Quiero pan campesino"), ["P001"]);
    assert_eq!(named("una torta de tres leches con fresa y mora, por favor"), ["P003"]);
    for wide in ["pan", "una torta", "la fileteadora", "algo de Kingter", "fileteadora marca Kingter"] {
        assert_eq!(named(wide), Vec::<String>::new(), "{wide}");
    }
}

#[test]
fn what_the_pack_calls_a_family_names_no_product() {
    let row = "P001,,,Pan de la casa,pan,,,,,,,,,,,,\n";
    let mut catalog = Catalog::from_csv(format!("{HEADER}{row}").as_bytes()).expect("valid");
    let words = normalize("hay pan de la casa?", &std::collections::BTreeMap::new()).words;
    assert_eq!(catalog.mentions(&words).len(), 1);
    catalog.unname(["Pan de la Casa"].into_iter());
    assert_eq!(catalog.mentions(&words).len(), 0);
}

#[test]
fn faulty_rows_are_named_with_line_value_and_remedy() {
    let rows = "A,,,Pan,pan,,,,,,dos mil,,,,,,\nA,,,Pan,pan,,,,,,,,,,,,\nA,,,Pan,pan,,,,,,,,,,,,\n";
    let faults = Catalog::from_csv(format!("{HEADER}{rows}").as_bytes()).expect_err("faulty");
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].line == 2 && faults[0].problem.contains("dos mil"), "{faults:?}");
    assert!(faults[1].line == 4 && faults[1].problem.contains("twice"), "{faults:?}");
}
