use contract::Problem;
use leptos::prelude::*;

use super::notice::Notice;
use crate::{erase::Erase, visitor::for_operators};

/// Something that cannot be undone, folded away: what it does, and a form that wants the name of what it does it to. A form without
/// scripts, so that nothing happens by half.
pub(crate) struct Confirm {
    pub(crate) id: &'static str,
    /// Where the form goes.
    pub(crate) action: String,
    /// What unfolds it.
    pub(crate) summary: &'static str,
    pub(crate) warning: AnyView,
    /// To be typed.
    pub(crate) name: String,
    /// What is being confirmed, as hidden fields.
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) button: &'static str,
    /// What was typed, and why that was refused.
    pub(crate) typed: String,
    pub(crate) problem: Option<Problem>,
}

impl Confirm {
    pub(crate) fn view(self) -> AnyView {
        let Self {
            id,
            action,
            summary,
            warning,
            name,
            fields,
            button,
            typed,
            problem,
        } = self;
        let was_refused = problem.is_some();
        let fields = fields.into_iter();
        let fields =
            fields.map(|(name, value)| view! { <input type="hidden" name=name value=value/> });
        let form = view! {
            <form method="post" action=action>
                {fields.collect_view()}
                <div class="field">
                    <label for=id>"Type “"<code>{name}</code>"” to confirm"</label>
                    <input id=id name="confirm" value=typed required autocomplete="off" spellcheck="false" autocapitalize="none"/>
                </div>
                <div class="actions"><button class="danger" type="submit">{button}</button></div>
            </form>
        }
        .erase_whole();
        view! {
            <details class="confirm" open=was_refused>
                <summary>{summary}</summary>
                <div>{warning}</div>
                {for_operators(form)}
                {problem.map(|problem| view! { <Notice problem/> })}
            </details>
        }
        .erase_whole()
    }
}
