//! Word lists, in lower case.

use std::{collections::HashSet, sync::LazyLock};

type Words = LazyLock<HashSet<&'static str>>;

/// Words that say little about what is asked, besides the stop words of the index.
pub(super) static COMMON: Words = LazyLock::new(|| {
    set(
        "about according also anything anyone apart become besides call called can could describe did do does \
         ever everything example explain far find get give had happen happened have hear heard how kind know \
         known learn like list long made make many may me mean mention might much name named often old one \
         people please say says said should show some someone something sort take tell term thing things \
         think time type use used us what when where which who whom whose why will would word year years you \
         your information info isn aren wasn don doesn didn hasn haven i my we our its their there",
    )
});

/// Numbers and amounts as words.
pub(super) static NUMBERS: Words = LazyLock::new(|| {
    set(
        "one two three four five six seven eight nine ten eleven twelve dozen twenty thirty forty fifty sixty \
         seventy eighty ninety hundred hundreds thousand thousands million millions billion half third \
         quarter twice once zero no none first second several both",
    )
});

/// Words that tell a time.
pub(super) static TIMES: Words = LazyLock::new(|| {
    set(
        "january february march april may june july august september october november december monday tuesday \
         wednesday thursday friday saturday sunday century centuries decade today yesterday tomorrow spring \
         summer autumn fall winter morning evening night noon midnight bc ad bce ce years months weeks days \
         hours minutes",
    )
});

fn set(words: &'static str) -> HashSet<&'static str> {
    words.split_whitespace().collect()
}
