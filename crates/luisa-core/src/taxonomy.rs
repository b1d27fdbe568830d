//! The closed vocabularies of a decision, with the ids under which they are stored.
//!
//! Owns the ids of classes, intents, teams, priorities, handoff reasons and modes. The ids are part of the product's
//! contract: they are in the database, in the API and in the console. The families of products are the pack's, so the
//! intents `buscar_…` are made from them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::symbol::Symbol;

/// An enum whose variants have one stored id each.
macro_rules! stored {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $id:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every variant, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The id under which it is stored.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id),+ }
            }

            /// The variant of a stored id.
            #[must_use]
            pub fn from_id(id: &str) -> Option<Self> {
                match id { $($id => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.id()) }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> { serializer.serialize_str(self.id()) }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let id = String::deserialize(deserializer)?;
                Self::from_id(&id).ok_or_else(|| {
                    let known: Vec<&str> = Self::ALL.iter().map(|v| v.id()).collect();
                    serde::de::Error::custom(format!("unknown value `{id}`: expected one of {}", known.join(", ")))
                })
            }
        }
    };
}

stored! {
    /// What kind of message it is.
    Class {
        /// Nothing to act on, and no question of ours pending.
        Empty = "EMPTY_OR_GIBBERISH",
        /// Not about the store: personal or off topic.
        NonBusiness = "NON_BUSINESS",
        /// One fixed fact or courtesy answers it whole.
        Faq = "BUSINESS_FAQ",
        /// Any other matter of the store.
        Consult = "BUSINESS_CONSULT",
    }
}

stored! {
    /// Whether a message is for the store. Only what is surely personal is met with silence, and only what is surely the
    /// store's gets a full answer.
    Verdict { Business = "business", Personal = "personal", Unsure = "unsure" }
}

stored! {
    /// Who must take a chat.
    Team { Comercial = "comercial", Tecnica = "tecnica" }
}

stored! {
    /// How soon; greater is sooner.
    Priority { Low = "low", Medium = "medium", High = "high", Urgent = "urgent" }
}

stored! {
    /// Why a person is needed, in the order in which the rules are tried.
    Reason {
        Urgente = "urgente",
        Reclamo = "reclamo",
        PideHumano = "pide_humano",
        ProyectoNegocio = "proyecto_negocio",
        ServicioDiferencial = "servicio_diferencial",
        Reparacion = "reparacion",
        Cierre = "cierre",
        Logistica = "logistica",
        EstadoPedido = "estado_pedido",
        ParteDePago = "parte_de_pago",
        Proveedor = "proveedor",
    }
}

impl Reason {
    /// A sale that a person closes or ships, rather than a trouble.
    #[must_use]
    pub fn of_a_sale(self) -> bool {
        matches!(self, Self::Cierre | Self::Logistica)
    }
}

stored! {
    /// Of what a customer wants no more, as the register keeps it.
    Wish {
        /// No more messages.
        Messages = "messages",
        /// No use of their personal data.
        Data = "data",
    }
}

stored! {
    /// Who leads the conversation.
    Mode { AiActive = "AI_ACTIVE", HumanActive = "HUMAN_ACTIVE" }
}

stored! {
    /// Where a message came in.
    Channel { Whatsapp = "whatsapp", Api = "api" }
}

/// What the customer wants with a message. `Buscar` carries the pack's family: `buscar_industrial`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Intent {
    Saludo,
    Despedida,
    Agradecimiento,
    Confirmar,
    Negar,
    Horario,
    Ubicacion,
    Contacto,
    FormasPago,
    Envios,
    Garantia,
    Promociones,
    Catalogo,
    Precio,
    Disponibilidad,
    Fotos,
    Especificaciones,
    Comprar,
    Cotizacion,
    Buscar(Symbol),
    Asesoria,
    Repuestos,
    ParteDePago,
    Reparacion,
    Instalacion,
    Capacitacion,
    Visita,
    EstadoPedido,
    Reclamo,
    HablarConHumano,
    Proveedor,
    Otro,
    Ninguno,
}

const INTENT_IDS: &[(Intent, &str)] = &[
    (Intent::Saludo, "saludo"),
    (Intent::Despedida, "despedida"),
    (Intent::Agradecimiento, "agradecimiento"),
    (Intent::Confirmar, "confirmar"),
    (Intent::Negar, "negar"),
    (Intent::Horario, "horario"),
    (Intent::Ubicacion, "ubicacion"),
    (Intent::Contacto, "contacto"),
    (Intent::FormasPago, "formas_pago"),
    (Intent::Envios, "envios"),
    (Intent::Garantia, "garantia"),
    (Intent::Promociones, "promociones"),
    (Intent::Catalogo, "catalogo"),
    (Intent::Precio, "precio"),
    (Intent::Disponibilidad, "disponibilidad"),
    (Intent::Fotos, "fotos"),
    (Intent::Especificaciones, "especificaciones"),
    (Intent::Comprar, "comprar"),
    (Intent::Cotizacion, "cotizacion"),
    (Intent::Asesoria, "asesoria"),
    (Intent::Repuestos, "repuestos"),
    (Intent::ParteDePago, "parte_de_pago"),
    (Intent::Reparacion, "reparacion"),
    (Intent::Instalacion, "instalacion"),
    (Intent::Capacitacion, "capacitacion"),
    (Intent::Visita, "visita"),
    (Intent::EstadoPedido, "estado_pedido"),
    (Intent::Reclamo, "reclamo"),
    (Intent::HablarConHumano, "hablar_con_humano"),
    (Intent::Proveedor, "proveedor"),
    (Intent::Otro, "otro"),
    (Intent::Ninguno, "ninguno"),
];

const SEARCH_PREFIX: &str = "buscar_";

impl Intent {
    /// The stored id.
    #[must_use]
    pub fn id(self) -> Symbol {
        if let Self::Buscar(family) = self {
            return Symbol::new(&format!("{SEARCH_PREFIX}{family}"));
        }
        let found = INTENT_IDS.iter().find(|(intent, _)| *intent == self);
        Symbol::new(found.map_or("otro", |(_, id)| id))
    }

    /// The intent of a stored id; `buscar_x` is the search for family `x`.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        if let Some(family) = id.strip_prefix(SEARCH_PREFIX) {
            return Some(Self::Buscar(Symbol::new(family)));
        }
        INTENT_IDS.iter().find(|(_, known)| *known == id).map(|(intent, _)| *intent)
    }

    /// The class of a message whose only matter this is; `Ninguno` has two and is told apart elsewhere.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::Saludo | Self::Despedida | Self::Agradecimiento => Class::Faq,
            Self::Horario | Self::Ubicacion | Self::Contacto | Self::FormasPago => Class::Faq,
            Self::Envios | Self::Garantia | Self::Promociones | Self::Catalogo => Class::Faq,
            Self::Ninguno => Class::NonBusiness,
            Self::Confirmar | Self::Negar | Self::Precio | Self::Disponibilidad | Self::Fotos => Class::Consult,
            Self::Especificaciones | Self::Comprar | Self::Cotizacion | Self::Buscar(_) => Class::Consult,
            Self::Asesoria | Self::Repuestos | Self::ParteDePago | Self::Reparacion => Class::Consult,
            Self::Instalacion | Self::Capacitacion | Self::Visita | Self::EstadoPedido => Class::Consult,
            Self::Reclamo | Self::HablarConHumano | Self::Proveedor | Self::Otro => Class::Consult,
        }
    }

    /// Whether what a machine would be for matters to it: not to a courtesy, a fixed fact or people's affairs.
    #[must_use]
    pub fn wants_machine(self) -> bool {
        let wanting = matches!(self, Self::Catalogo | Self::Promociones | Self::Envios);
        let fixed = self.class() == Class::Faq && !wanting;
        let people =
            matches!(self, Self::Otro | Self::Proveedor | Self::HablarConHumano | Self::Reclamo | Self::Visita);
        let other = matches!(self, Self::Instalacion | Self::Fotos | Self::Ninguno);
        !(fixed || people || other)
    }

    /// A courtesy: it is answered only when nothing else is asked.
    #[must_use]
    pub fn is_courtesy(self) -> bool {
        matches!(self, Self::Saludo | Self::Despedida | Self::Agradecimiento)
    }
}

impl std::fmt::Display for Intent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id().as_str())
    }
}

impl Serialize for Intent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id().as_str())
    }
}

impl<'de> Deserialize<'de> for Intent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        Self::from_id(&id).ok_or_else(|| serde::de::Error::custom(format!("unknown intent `{id}`")))
    }
}

/// A call for a person: who, how soon, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoffCall {
    pub team: Team,
    pub priority: Priority,
    pub reason: Reason,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_intent_is_read_back_from_its_stored_id() {
        for (intent, id) in INTENT_IDS {
            assert_eq!(intent.id().as_str(), *id);
            assert_eq!(Intent::from_id(id), Some(*intent));
        }
        let search = Intent::Buscar(Symbol::new("industrial"));
        assert_eq!(search.id().as_str(), "buscar_industrial");
        assert_eq!(Intent::from_id("buscar_industrial"), Some(search));
        assert_eq!(Intent::from_id("nada"), None);
    }

    #[test]
    fn a_wrong_id_is_refused_with_the_known_ones() {
        let error = serde_json::from_str::<Team>("\"ventas\"").unwrap_err().to_string();
        assert!(error.contains("ventas") && error.contains("comercial, tecnica"), "{error}");
    }
}
