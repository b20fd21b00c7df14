//! One file for each request: what is asked, what is done, what is answered.

pub(crate) mod api_versions;
