//! Numbers that many threads count up and one page shows, in the text format of Prometheus.
use std::{
    fmt::{Display, Write},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn up(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Relaxed);
    }

    /// How many by now.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A number that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// It is so much now.
    pub fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }

    /// How much it is.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Counters of one family, told apart by one label with few, known values. What is not known counts as `other`, so
/// that nobody outside can make the page grow.
#[derive(Debug)]
pub struct Counters {
    values: &'static [&'static str],
    counts: Box<[Counter]>,
}

impl Counters {
    /// A counter for each value, and one for everything else.
    pub fn new(values: &'static [&'static str]) -> Self {
        Self { values, counts: (0..=values.len()).map(|_| Counter::default()).collect() }
    }

    /// The counter of a value.
    pub fn of(&self, value: &str) -> &Counter {
        let place = self.values.iter().position(|known| *known == value).unwrap_or(self.values.len());
        &self.counts[place]
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.values.iter().copied().chain(["other"]).zip(self.counts.iter().map(Counter::get))
    }
}

/// How often something took how long.
#[derive(Debug)]
pub struct Histogram {
    /// Upper bounds in milliseconds, rising.
    bounds: &'static [u64],
    /// One a bound, and one for what is above all.
    counts: Box<[Counter]>,
    sum_ms: Counter,
}

impl Histogram {
    /// A histogram with these upper bounds, in milliseconds.
    pub fn new(bounds: &'static [u64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| Counter::default()).collect();
        Self { bounds, counts, sum_ms: Counter::default() }
    }

    /// It took so long.
    pub fn took(&self, time: Duration) {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let place = self.bounds.partition_point(|bound| *bound < ms);
        self.counts[place].up();
        self.sum_ms.add(ms);
    }
}

/// The page that is being written.
#[derive(Debug, Default)]
pub struct Page(String);

impl Page {
    /// A number that only grows; its name ends with `_total`.
    pub fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, help, "counter");
        self.sample(name, "", value);
    }

    /// A number that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, help, "gauge");
        self.sample(name, "", value);
    }

    /// A family of numbers that go up and down, told apart by one label.
    pub fn gauges<V: Display>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'static str, V)>,
    ) {
        self.head(name, help, "gauge");
        for (value, number) in values {
            self.sample(name, &format!("{{{label}=\"{value}\"}}"), number);
        }
    }

    /// A family of counters, told apart by one label.
    pub fn counters(&mut self, name: &str, help: &str, label: &str, family: &Counters) {
        self.totals(name, help, label, family.all());
    }

    /// The same, counted elsewhere.
    pub fn totals(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'static str, u64)>,
    ) {
        self.head(name, help, "counter");
        for (value, number) in values {
            self.sample(name, &format!("{{{label}=\"{value}\"}}"), number);
        }
    }

    /// A histogram, in seconds.
    pub fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.head(name, help, "histogram");
        let mut below = 0;
        for (bound, count) in histogram.bounds.iter().zip(&histogram.counts) {
            below += count.get();
            let bound = *bound as f64 / 1000.0;
            self.sample(&format!("{name}_bucket"), &format!("{{le=\"{bound}\"}}"), below);
        }
        // Summed from the same reads: a page on which the last bucket differs from the count is refused.
        below += histogram.counts.last().map_or(0, Counter::get);
        self.sample(&format!("{name}_bucket"), "{le=\"+Inf\"}", below);
        self.sample(&format!("{name}_sum"), "", histogram.sum_ms.get() as f64 / 1000.0);
        self.sample(&format!("{name}_count"), "", below);
    }

    /// The page as text.
    pub fn into_text(self) -> String {
        self.0
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n").expect("a String takes every text");
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        writeln!(self.0, "{name}{labels} {value}").expect("a String takes every text");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_into_the_right_bucket_and_sums_up() {
        let histogram = Histogram::new(&[100, 1000]);
        for ms in [0, 100, 101, 1000, 1001, 60_000] {
            histogram.took(Duration::from_millis(ms));
        }
        let mut page = Page::default();

        page.histogram("x_seconds", "How long", &histogram);

        assert_eq!(
            page.into_text(),
            "# HELP x_seconds How long\n# TYPE x_seconds histogram\nx_seconds_bucket{le=\"0.1\"} 2\n\
             x_seconds_bucket{le=\"1\"} 4\nx_seconds_bucket{le=\"+Inf\"} 6\nx_seconds_sum 62.202\n\
             x_seconds_count 6\n"
        );
    }

    #[test]
    fn a_label_from_outside_cannot_make_the_page_grow() {
        let family = Counters::new(&["a", "b"]);
        for value in ["a", "a", "b", "\"}\nevil 1", "c"] {
            family.of(value).up();
        }
        let mut page = Page::default();

        page.counters("x_total", "Things", "kind", &family);

        let samples: Vec<_> = page.0.lines().skip(2).map(str::to_owned).collect();
        assert_eq!(samples, ["x_total{kind=\"a\"} 2", "x_total{kind=\"b\"} 1", "x_total{kind=\"other\"} 2"]);
    }
}
