//! Who looks at the pages, and what that one may do.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::erase::Erase;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Visitor {
    /// Absent where nobody is asked.
    pub(crate) name: Option<String>,
    pub(crate) may_operate: bool,
}

impl Default for Visitor {
    /// Where nobody is asked, everybody may do everything.
    fn default() -> Self {
        Self {
            name: None,
            may_operate: true,
        }
    }
}

/// What only operators may do. Viewers see it, disabled, and are told why; the services refuse it all the same.
pub(crate) fn for_operators(view: AnyView) -> AnyView {
    if use_visitor().may_operate {
        return view;
    }
    view! {
        <fieldset class="for-operators" disabled>{view}</fieldset>
        <p class="hint" data-role="viewer">"You are signed in as a viewer, who may look and ask. For this, sign in as an operator."</p>
    }
    .erase()
}

pub(crate) fn use_visitor() -> Visitor {
    use_context::<StoredValue<Visitor>>()
        .map(|visitor| visitor.get_value())
        .unwrap_or_default()
}
