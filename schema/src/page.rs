//! Pages: how many items, from where, and where a page stands among its neighbours.

use async_graphql::SimpleObject;

/// Items in a page when no argument says.
pub const PAGE_DEFAULT: u32 = 20;
/// Most items in a page, and most ids of one question, unless configured otherwise.
pub const PAGE_MAX: u32 = 100;

/// Where a page stands among its neighbours.
#[derive(Debug, Clone, Default, SimpleObject)]
pub struct PageInfo {
    /// There is more after this page.
    pub has_next_page: bool,
    /// There is more before this page.
    pub has_previous_page: bool,
    /// Cursor of the first item; null on an empty page.
    pub start_cursor: Option<String>,
    /// Cursor of the last item; null on an empty page.
    pub end_cursor: Option<String>,
}

/// Which page of a list, as the arguments ask for it: checked, not yet decoded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageArgs {
    /// Most items in the page, from 1.
    pub limit: u32,
    /// Counted from the end of the list instead of from its start.
    pub from_end: bool,
    /// Only items after this cursor.
    pub after: Option<String>,
    /// Only items before this cursor.
    pub before: Option<String>,
}

/// Why paging arguments are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Out of bounds.
    #[error("`{argument}` is {value}: ask for 1 to {max} items")]
    OutOfBounds {
        /// `first` or `last`.
        argument: &'static str,
        /// What was asked.
        value: i32,
        /// Most items of a page.
        max: u32,
    },
    /// `first` and `last` at once.
    #[error("pass either `first` or `last`, not both")]
    BothEnds,
}

impl PageArgs {
    /// Checks the four arguments of a connection whose pages have at most `max` items.
    pub fn read(
        max: u32,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Self, PageError> {
        let bounded = |argument, value: i32| {
            u32::try_from(value).ok().filter(|count| (1..=max).contains(count)).ok_or(PageError::OutOfBounds {
                argument,
                value,
                max,
            })
        };
        let (limit, from_end) = match (first, last) {
            (Some(_), Some(_)) => return Err(PageError::BothEnds),
            (Some(first), None) => (bounded("first", first)?, false),
            (None, Some(last)) => (bounded("last", last)?, true),
            (None, None) => (PAGE_DEFAULT, false),
        };
        Ok(Self { limit, from_end, after, before })
    }
}

/// A page of rows, in the order of the list, whichever end it was counted from.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows, each with its cursor.
    pub rows: Vec<(String, T)>,
    /// There is more after these rows.
    pub has_next: bool,
    /// There is more before these rows.
    pub has_previous: bool,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), has_next: false, has_previous: false }
    }
}

impl<T> Page<T> {
    /// Makes a page of rows read with one more than `limit`, in the direction of reading.
    ///
    /// Only the first and the last row have a cursor unless every row needs one: they are not for nothing.
    pub fn of_rows(mut rows: Vec<T>, args: &PageArgs, needs_cursors: bool, cursor: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let (has_next, has_previous) = if args.from_end {
            rows.reverse();
            (args.before.is_some(), has_more)
        } else {
            (has_more, args.after.is_some())
        };
        let last = rows.len().saturating_sub(1);
        let rows = rows.into_iter().enumerate().map(|(at, row)| {
            let cursor = if needs_cursors || at == 0 || at == last { cursor(&row) } else { String::new() };
            (cursor, row)
        });
        Self { rows: rows.collect(), has_next, has_previous }
    }

    /// The same page of other rows.
    pub fn map<U>(self, change: impl Fn(T) -> U) -> Page<U> {
        let rows = self.rows.into_iter().map(|(cursor, row)| (cursor, change(row))).collect();
        Page { rows, has_next: self.has_next, has_previous: self.has_previous }
    }

    /// Where this page stands.
    pub fn info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.has_next,
            has_previous_page: self.has_previous,
            start_cursor: self.rows.first().map(|(cursor, _)| cursor.clone()),
            end_cursor: self.rows.last().map(|(cursor, _)| cursor.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paging_arguments_are_bounded_at_both_ends() {
        let read = |first, last| PageArgs::read(PAGE_MAX, first, None, last, None);
        assert_eq!(read(None, None).unwrap().limit, PAGE_DEFAULT);
        assert_eq!(read(Some(1), None).unwrap().limit, 1);
        assert_eq!(read(None, Some(100)).unwrap().limit, 100);
        for (first, last) in [(Some(0), None), (Some(-1), None), (Some(101), None), (None, Some(0)), (Some(1), Some(1))]
        {
            assert!(read(first, last).is_err(), "{first:?} {last:?} was accepted");
        }
    }

    #[test]
    fn a_page_from_the_end_is_in_the_order_of_the_list() {
        let args = PageArgs::read(PAGE_MAX, None, None, Some(2), None).unwrap();
        let page = Page::of_rows(vec![9, 8, 7], &args, true, i32::to_string);
        assert_eq!(page.rows.iter().map(|(_, row)| *row).collect::<Vec<_>>(), [8, 9]);
        assert!(page.has_previous && !page.has_next);
    }
}
