//! What a person is told on a page when something cannot be done: one sentence, and what to do.
//!
//! The cause of what went wrong on our side is logged here and stays here.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use luisa_store::StoreError;
use tracing::error;

use crate::catalog::CatalogError;

/// Why a page is not shown or an act not done.
#[derive(Debug)]
pub(super) enum Trouble {
    NotFound,
    NotAllowed,
    FromElsewhere,
    /// What was sent cannot be used; the sentence says why.
    Unusable(String),
    /// Somebody was faster.
    Overtaken,
    Ours,
}

#[derive(Template)]
#[template(path = "console/trouble.html")]
struct Page<'a> {
    title: &'a str,
    say: &'a str,
}

impl Trouble {
    // tidy: table
    fn told(&self) -> (StatusCode, &'static str, &str) {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "No está", "Lo que busca no existe o ya no está."),
            Self::NotAllowed => {
                (StatusCode::FORBIDDEN, "Sin permiso", "Su cuenta no tiene permiso para esto. Pídalo a la dueña.")
            }
            Self::FromElsewhere => (
                StatusCode::FORBIDDEN,
                "No se hizo",
                "La petición no vino de esta página. Vuelva a la consola e intente de nuevo.",
            ),
            Self::Unusable(why) => (StatusCode::BAD_REQUEST, "No se hizo", why),
            Self::Overtaken => (
                StatusCode::CONFLICT,
                "Cambió mientras tanto",
                "Otra persona lo cambió antes. Vuelva atrás y mire cómo está ahora.",
            ),
            Self::Ours => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Algo falló",
                "Algo falló de nuestro lado y quedó anotado. Intente de nuevo en un momento.",
            ),
        }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let (status, title, say) = self.told();
        (status, rendered(&Page { title, say })).into_response()
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::Conflict(_) => Self::Overtaken,
            other => {
                error!(error = %other, "console_failed");
                Self::Ours
            }
        }
    }
}

impl From<CatalogError> for Trouble {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Store(error) => error.into(),
            CatalogError::Unusable(_) => {
                error!(%error, "catalog_not_refreshed");
                Self::Ours
            }
        }
    }
}

/// A page as an answer.
pub(super) fn rendered(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            error!(%error, "console_page_not_rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
