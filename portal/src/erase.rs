//! Views of any type as one type, in less code than leptos's own way takes.
//!
//! [`AnyView`] keeps a function for every way in which a view can come alive, also piece by piece as the code for it is loaded.
//! That one is generated for each view and all that is inside it, a fifth of the whole page's program, and our pages come alive
//! at once. So views are wrapped before they are erased, and the wrapper's piecewise way is the plain one.

use leptos::{
    prelude::*,
    tachys::{
        html::attribute::{Attribute, any_attribute::AnyAttribute},
        hydration::Cursor,
        ssr::StreamBuilder,
        view::{Mountable, Position, PositionState, add_attr::AddAnyAttr},
    },
};

pub(crate) trait Erase {
    /// For what changes piece by piece when it is shown again: what is focused or unfolded in it stays so.
    fn erase(self) -> AnyView;

    /// For what is new as a whole when it is shown again, as the form of another address is, whatever was typed into the one before.
    /// It is less code than [`Self::erase`].
    fn erase_whole(self) -> AnyView;
}

impl<T: RenderHtml> Erase for T {
    fn erase(self) -> AnyView {
        AtOnce::<T, false>(self).into_any()
    }

    fn erase_whole(self) -> AnyView {
        AtOnce::<T, true>(self).into_any()
    }
}

/// A view that comes alive at once. `IS_WHOLE`: another one takes its place, instead of its pieces being changed.
struct AtOnce<T, const IS_WHOLE: bool>(T);

impl<T: Render, const IS_WHOLE: bool> Render for AtOnce<T, IS_WHOLE> {
    type State = T::State;

    fn build(self) -> Self::State {
        self.0.build()
    }

    fn rebuild(self, state: &mut Self::State) {
        if IS_WHOLE {
            let mut new = self.0.build();
            state.insert_before_this(&mut new);
            state.unmount();
            *state = new;
        } else {
            self.0.rebuild(state);
        }
    }
}

impl<T: AddAnyAttr, const IS_WHOLE: bool> AddAnyAttr for AtOnce<T, IS_WHOLE> {
    type Output<SomeNewAttr: Attribute> = AtOnce<T::Output<SomeNewAttr>, IS_WHOLE>;

    fn add_any_attr<NewAttr: Attribute>(self, attr: NewAttr) -> Self::Output<NewAttr>
    where
        Self::Output<NewAttr>: RenderHtml,
    {
        AtOnce(self.0.add_any_attr(attr))
    }
}

impl<T: RenderHtml, const IS_WHOLE: bool> RenderHtml for AtOnce<T, IS_WHOLE> {
    type AsyncOutput = T::AsyncOutput;
    type Owned = AtOnce<T::Owned, IS_WHOLE>;

    const MIN_LENGTH: usize = T::MIN_LENGTH;
    const EXISTS: bool = T::EXISTS;

    fn dry_resolve(&mut self) {
        self.0.dry_resolve();
    }

    fn resolve(self) -> impl Future<Output = Self::AsyncOutput> + Send {
        self.0.resolve()
    }

    fn html_len(&self) -> usize {
        self.0.html_len()
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.0
            .to_html_with_buf(buf, position, escape, mark_branches, extra_attrs);
    }

    fn to_html_async_with_buf<const OUT_OF_ORDER: bool>(
        self,
        buf: &mut StreamBuilder,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.0.to_html_async_with_buf::<OUT_OF_ORDER>(
            buf,
            position,
            escape,
            mark_branches,
            extra_attrs,
        );
    }

    // `hydrate_async` stays the trait's own, which is this one.
    fn hydrate<const FROM_SERVER: bool>(
        self,
        cursor: &Cursor,
        position: &PositionState,
    ) -> Self::State {
        self.0.hydrate::<FROM_SERVER>(cursor, position)
    }

    fn into_owned(self) -> Self::Owned {
        AtOnce(self.0.into_owned())
    }
}
