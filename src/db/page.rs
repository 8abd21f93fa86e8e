//! Pages of lists, bounded by rows and by bytes.

/// Most bytes of a page (spec 14).
pub const MAX_PAGE: usize = 4 * 1024 * 1024;
/// Rows of the first step of a list whose rows may be large.
const FIRST_STEP: usize = 4;

/// One page of a list, and where the next one begins.
#[derive(Clone, Debug)]
pub struct Page<T, C> {
    /// The rows, at most as many as the limit.
    pub items: Vec<T>,
    /// The `after` of the next page; `None` at the end of the list.
    pub next: Option<C>,
    /// Computes the place of a row. A caller whose page becomes too large ends it earlier, at the place of its last
    /// row.
    pub place: fn(&T) -> C,
}

impl<T, C> Page<T, C> {
    /// Makes a page of what a statement with the limit [`one_more`] returned.
    pub(super) fn cut(mut rows: Vec<T>, limit: u16, place: fn(&T) -> C) -> Self {
        let limit = usize::from(limit);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(place) } else { None };
        Self { items: rows, next, place }
    }
}

/// A limit of one row more than the page. The extra row shows whether a next page exists.
pub(super) fn one_more(limit: u16) -> i64 {
    i64::from(limit) + 1
}

/// A page whose rows may be large. It is read in steps: first a few rows, then as many as will probably fill the page.
/// So memory never holds much more than a page.
pub(super) struct Filling<T, C> {
    page: Page<T, C>,
    after: Option<C>,
    limit: usize,
    size: fn(&T) -> usize,
    bytes: usize,
    asked: usize,
    is_whole: bool,
}

impl<T, C: Clone> Filling<T, C> {
    /// An empty page after a place. `size` returns the bytes of a row's texts.
    pub(super) fn new(
        limit: u16,
        after: Option<C>,
        place: fn(&T) -> C,
        size: fn(&T) -> usize,
    ) -> Self {
        Self {
            page: Page { items: Vec::new(), next: None, place },
            after,
            limit: usize::from(limit),
            size,
            bytes: 0,
            asked: 0,
            is_whole: false,
        }
    }

    /// The place after which to read the next rows, and how many; `None` if the page is complete.
    pub(super) fn wants(&mut self) -> Option<(Option<C>, i64)> {
        if self.is_whole {
            return None;
        }
        let count = self.page.items.len();
        let likely = match self.bytes.checked_div(count) {
            None => FIRST_STEP,
            Some(each) => MAX_PAGE.saturating_sub(self.bytes) / each.max(1) + 1,
        };
        // One row more than fits. The extra row shows whether a next page exists.
        self.asked = likely.min(self.limit.saturating_sub(count).saturating_add(1));
        let asked = i64::try_from(self.asked).unwrap_or(i64::MAX);
        Some((self.after.clone(), asked))
    }

    /// Adds rows that were read.
    pub(super) fn add(&mut self, rows: Vec<T>) {
        self.is_whole = rows.len() < self.asked;
        for row in rows {
            let size = (self.size)(&row);
            let is_full = self.bytes.saturating_add(size) > MAX_PAGE;
            if self.page.items.len() >= self.limit || (is_full && !self.page.items.is_empty()) {
                self.page.next = self.after.clone();
                self.is_whole = true;
                return;
            }
            self.bytes = self.bytes.saturating_add(size);
            self.after = Some((self.page.place)(&row));
            self.page.items.push(row);
        }
    }

    pub(super) fn page(self) -> Page<T, C> {
        self.page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pages of a list of rows, each a number and a size, and the most bytes that one step has read.
    fn pages(rows: &[(usize, usize)], limit: u16) -> (Vec<Vec<usize>>, usize) {
        let (mut pages, mut most, mut after) = (Vec::new(), 0, None);
        loop {
            let mut filling: Filling<(usize, usize), usize> =
                Filling::new(limit, after, |row| row.0, |row| row.1);
            while let Some((after, count)) = filling.wants() {
                let later = |row: &&(usize, usize)| after.is_none_or(|after| row.0 > after);
                let read: Vec<_> = rows.iter().filter(later).copied().collect();
                let count = usize::try_from(count).unwrap().min(read.len());
                let bytes: usize = read[..count].iter().map(|row| row.1).sum();
                most = most.max(bytes);
                filling.add(read[..count].to_vec());
            }
            let page = filling.page();
            pages.push(page.items.iter().map(|row| row.0).collect());
            after = page.next;
            if after.is_none() {
                return (pages, most);
            }
        }
    }

    #[test]
    fn pages_end_by_rows_and_by_bytes_and_lose_none() {
        let mib = 1024 * 1024;
        for (count, size, limit, expected) in [
            (0, 1, 5, vec![0]),
            (5, 1, 5, vec![5]),
            (6, 1, 5, vec![5, 1]),
            (10, mib, 200, vec![4, 4, 2]),
            (4, mib, 200, vec![4]),
            (5, mib, 4, vec![4, 1]),
            (3, 9 * mib, 200, vec![1, 1, 1]),
            (500, 100, 200, vec![200, 200, 100]),
        ] {
            let rows: Vec<_> = (0..count).map(|place| (place, size)).collect();
            let (pages, most) = pages(&rows, limit);
            let lengths: Vec<_> = pages.iter().map(Vec::len).collect();
            assert_eq!(lengths, expected, "{count} of {size}");
            assert_eq!(pages.concat(), (0..count).collect::<Vec<_>>());
            assert!(most <= (4 * size).max(2 * MAX_PAGE), "{most}");
        }
    }
}
