//! Pieces that pages share.

pub(crate) mod flow_picture;
pub(crate) mod header;
pub(crate) mod ladder;
pub(crate) mod notice;
pub(crate) mod produce_form;
pub(crate) mod receipt_card;
