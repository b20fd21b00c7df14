//! What the server knew when it rendered a page, handed over to the same component in the browser.

use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

/// On the server: the `T` that the request's handler put into the context; it is written into the page. In the browser: that
/// very value while the page comes alive, and the default on pages that were reached without asking the server.
pub(crate) fn handed_over<T>() -> T
where
    T: Clone + Default + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    SharedValue::new(|| use_context::<T>().unwrap_or_default()).into_inner()
}
