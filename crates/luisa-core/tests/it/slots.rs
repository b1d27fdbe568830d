//! What single messages state, with the pack of the store.

use luisa_core::understanding::read;
use serde_json::{Value, json};

use crate::packs::el_sastre;

#[test]
fn slots_are_what_the_customer_means() {
    let pack = el_sastre();
    for (text, slot, expected) in [
        // A telephone is no budget.
        ("que me llame el técnico al 573005550123", "presupuesto", Value::Null),
        ("ahorré setesientos mil pa una máquina familiar", "presupuesto", json!(700_000)),
        // The line is named before the model.
        ("tienen la singer heavy duty? la 6705c", "modelo", json!("Heavy Duty 6705C")),
        ("qué precio tiene la kansew ks seis cincuenta y tres", "modelo", json!("KS653")),
        ("la singer ese cero uno cero cinco en cuánto la tienen", "modelo", json!("S0105")),
        ("how much es la Kansew KS 653?", "nombre", Value::Null),
        // What only looks like a town is none, unless a town is expected there.
        ("estoy mirando una familiar", "ciudad", Value::Null),
        ("la carcasa de la singer se partió", "ciudad", Value::Null),
        ("mi mamá lloró de la emoción con la máquina", "ciudad", Value::Null),
        ("vivo en sinselejo y quiero una familiar", "ciudad", json!("Sincelejo")),
        ("a qué hora cierran, de misa salgo y voy pallá", "ciudad", Value::Null),
        // A second thought corrects, and what is denied is not stated.
        ("quiero una industrial. no. familiar mejor", "tipo_maquina", json!("familiar")),
        ("no es pa tapicería, ahora hago sandalias, cuál me sirve?", "uso", json!("calzado")),
        // What is denied is not had, and what is not a person has no name.
        ("busco una industrial, no tengo 1.200.000, tengo 600 mil", "presupuesto", json!(600_000)),
        ("no tengo 1.200.000 pero tengo 600 mil para una familiar", "presupuesto", json!(600_000)),
        ("busco una industrial, no puedo gastar más de 900 mil", "presupuesto", json!(900_000)),
        ("busco una familiar, no tengo un millón", "presupuesto", Value::Null),
        ("no, tengo 700 mil para una familiar", "presupuesto", json!(700_000)),
        ("tengo 1’200.000 para una industrial", "presupuesto", json!(1_200_000)),
        ("tengo 1´200.000 para una industrial", "presupuesto", json!(1_200_000)),
        ("tengo COP 1.200.000,00 para una industrial", "presupuesto", json!(1_200_000)),
        ("tengo 1,5M para una industrial", "presupuesto", json!(1_500_000)),
        ("tengo ochocientas lucas para una familiar", "presupuesto", json!(800_000)),
        ("busco una máquina para cuero de 4 mm", "presupuesto", Value::Null),
        ("tengo 3 millones una industrial busco", "presupuesto", json!(3_000_000)),
        ("quiero una familiar pero no estoy en Montería", "ciudad", Value::Null),
        ("quiero una familiar, no vivo en Montería, vivo en Lorica", "ciudad", json!("Lorica")),
        ("quiero una familiar, no soy de Montería sino de Cereté", "ciudad", json!("Cereté")),
        ("vivo fuera de Montería, quiero una familiar", "ciudad", Value::Null),
        ("no, en Montería, quiero una familiar", "ciudad", json!("Montería")),
        ("no gracias estoy en Montería, quiero una familiar", "ciudad", json!("Montería")),
        ("el modelo es KT-D3 y quiero el precio", "nombre", Value::Null),
        ("la referencia es KS-8800", "nombre", Value::Null),
        ("el repuesto es Bobina", "nombre", Value::Null),
        ("el color es Blanco, la máquina Singer", "nombre", Value::Null),
        ("la máquina es Singer", "nombre", Value::Null),
        ("el nombre es Luz Marina, quiero una máquina", "nombre", json!("Luz Marina")),
        ("mi nombre es Luz Marina, quiero una máquina", "nombre", json!("Luz Marina")),
        ("buenas, es Marta, la de la máquina", "nombre", json!("Marta")),
        ("soi eneida la que llevó la máquina azul, ya está?", "nombre", json!("Eneida")),
    ] {
        let slots = read(&pack, text).slots();
        assert_eq!(slots.get(slot).unwrap_or(&Value::Null), &expected, "{text}: {slots:?}");
    }
}

#[test]
fn parts_asked_for_without_price_or_delivery_are_no_sale_to_close() {
    let pack = el_sastre();
    let reading =
        read(&pack, "buenas, les escribo de Planeta Rica, necesito los dientes de arrastre de la Kansew KS8800");
    assert_eq!(reading.handoff, None, "{reading:?}");
}
