//! Pieces that pages share.

pub(crate) mod bars;
pub(crate) mod burst;
pub(crate) mod choice;
pub(crate) mod confirm;
pub(crate) mod dialog;
pub(crate) mod done;
pub(crate) mod facts;
pub(crate) mod filters;
pub(crate) mod flow_picture;
pub(crate) mod header;
pub(crate) mod index_state;
pub(crate) mod keyboard;
pub(crate) mod ladder;
pub(crate) mod lines_form;
pub(crate) mod notice;
pub(crate) mod produce_form;
pub(crate) mod receipt_card;
pub(crate) mod record_detail;
pub(crate) mod record_list;
pub(crate) mod record_value;
pub(crate) mod stage_chart;
pub(crate) mod table;
pub(crate) mod tail_state;
pub(crate) mod teach;
pub(crate) mod turn;
