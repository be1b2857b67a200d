//! Each element against the request, every violation collected.

use tollgate_policy_language::{Breach, Finding, Kind, Rule, Target};
use tollgate_sdk::json::{Null, ToJson, add_member};
use tollgate_sdk::{Value, Verdict, Violation};

use crate::dialect::MissingNumber;
use crate::message::{Texts, broken, missing};
use crate::prepared::{Clause, Prepared, number};
use crate::situation::{Seen, Situation, follow, seen};
use crate::supply::{fitting, waits_for_alias};
use crate::trace::{Outcome, Trace};

/// Bytes of a value that is given back; an answer has a limit.
const LONGEST_ACTUAL: usize = 4096;

/// Judges every element.
pub(crate) fn judge(
    definition: &Prepared,
    situation: &Situation<'_>,
    verdict: &mut Verdict,
    trace: &mut Option<Trace>,
) {
    for clause in &definition.elements {
        let mut judge = Judge {
            clause,
            situation,
            verdict,
            trace,
        };
        match &clause.element.target {
            Target::Entry {
                list,
                index: None,
                rest,
            } => judge.entries(list, rest),
            _ => judge.element(),
        }
    }
}

struct Judge<'j, 'd> {
    clause: &'j Clause,
    situation: &'j Situation<'d>,
    verdict: &'j mut Verdict,
    trace: &'j mut Option<Trace>,
}

impl Judge<'_, '_> {
    fn element(&mut self) {
        let path = self.clause.element.path.as_str();
        match self.situation.see(&self.clause.element) {
            Seen::Is(text, json) => self.value(path, &text, Some(&json)),
            // What may be anything need not be known.
            Seen::Unknown(_) if self.clause.element.target.is_virtual() && self.is_unlimited() => {
                self.traced(None, Outcome::Undetermined);
            }
            Seen::Unknown(why) => self.undetermined(path, why),
            Seen::Absent => self.absent(),
        }
    }

    /// An element for `*`: whatever is there, entry by entry, those with an element of their own left out.
    fn entries(&mut self, list: &str, rest: &[String]) {
        if self.situation.is_unknown(list) {
            let path = &self.clause.element.path;
            return self.undetermined(path, format!("`{list}` is not known yet"));
        }
        let mut any = false;
        for (index, entry) in self.situation.entries(list).enumerate() {
            if self.clause.spoken_for.contains(&index) {
                continue;
            }
            if let Seen::Is(text, json) = seen(follow(entry, rest)) {
                any = true;
                let mut path = format!("{list}.{index}");
                rest.iter().for_each(|segment| path.extend([".", segment]));
                self.value(&path, &text, Some(&json));
            }
        }
        if !any {
            self.traced(None, Outcome::Absent);
        }
    }

    fn is_unlimited(&self) -> bool {
        matches!(self.clause.element.rule, Rule::Unlimited)
    }

    fn absent(&mut self) {
        let element = &self.clause.element;
        if waits_for_alias(self.clause, self.situation) {
            return self.unresolved();
        }
        if !element.requires() {
            return self.traced(None, Outcome::Absent);
        }
        let is_fixed = matches!(element.rule, Rule::Fixed(_));
        if !is_fixed && let Some(pooled) = self.situation.pool_says(element) {
            return match pooled {
                Seen::Is(text, _) => self.value(&element.path, &text, None),
                Seen::Unknown(why) => self.undetermined(&element.path, why),
                Seen::Absent => {}
            };
        }
        let dialect = self.situation.dialect;
        let is_bounded = element.kind == Kind::Number && matches!(element.rule, Rule::Range { .. });
        if is_bounded && dialect.missing_number == MissingNumber::Zero {
            return self.value(&element.path, "0", None);
        }
        if self.situation.tolerates_absence(element) {
            return self.traced(None, Outcome::Absent);
        }
        self.violate(&element.path, missing(element), None, None);
    }

    fn value(&mut self, path: &str, text: &str, json: Option<&str>) {
        let element = &self.clause.element;
        match self
            .situation
            .judged_with(|meanings| element.judge(text, meanings))
        {
            Finding::Fits => self.traced(json, Outcome::Fits),
            Finding::Unresolved => self.unresolved(),
            Finding::Breaks(breach) => {
                let texts = broken(self.clause, path, text, breach, self.situation);
                self.violate(path, texts, json, Some(breach));
            }
        }
    }

    fn unresolved(&mut self) {
        let path = &self.clause.element.path;
        let message = format!("`{path}` hangs on an alias that the runtime catalogue does not resolve");
        self.undetermined(path, message);
    }

    fn undetermined(&mut self, path: &str, why: String) {
        self.verdict.undetermined(path, why);
        self.traced(None, Outcome::Undetermined);
    }

    fn violate(&mut self, path: &str, texts: Texts, actual: Option<&str>, breach: Option<Breach>) {
        let mut violation = Violation::new(path, texts.ours).allowed(self.clause.allowed.clone());
        violation.databricks_message = Some(texts.databricks);
        violation.actual = actual
            .filter(|json| !self.clause.secret && json.len() <= LONGEST_ACTUAL)
            .map(str::to_owned);
        violation.remedy = self.remedy(path, breach);
        violation.details = self
            .enforced(path)
            .map(|enforce| format!("{{\"enforce\":{enforce}}}"));
        self.verdict.violate(violation);
        self.traced(actual, Outcome::Violated);
    }

    fn traced(&mut self, read: Option<&str>, outcome: Outcome) {
        if let Some(trace) = self.trace {
            let read = read.filter(|_| !self.clause.secret);
            trace.judged(self.clause, read, outcome, self.situation);
        }
    }

    /// What enforcement would put there: the fixed value, else a default that satisfies the rule; nothing where the
    /// attribute is forbidden. None where enforcement cannot repair it.
    fn enforced(&self, path: &str) -> Option<String> {
        let element = &self.clause.element;
        let (place, value) = match (&element.rule, &element.target) {
            (_, target) if target.is_virtual() => return None,
            (_, Target::LogConf(_)) => return None,
            (Rule::Forbidden, _) => (path, "null".to_owned()),
            _ => (path, self.lawful_value()?),
        };
        let mut enforce = None;
        add_member(&mut enforce, place, Json(&value));
        enforce
    }

    /// The fixed value, or a default that satisfies its own rule.
    fn lawful_value(&self) -> Option<String> {
        let element = &self.clause.element;
        if let Rule::Fixed(value) = &element.rule {
            return fitting(self.clause, value, self.situation);
        }
        let default = element.default.as_ref()?;
        let resolved = self.situation.as_filled_in(element, default);
        let finding = self
            .situation
            .judged_with(|meanings| element.judge(&resolved, meanings));
        (finding == Finding::Fits)
            .then(|| fitting(self.clause, default, self.situation))
            .flatten()
    }

    /// The smallest change that passes.
    fn remedy(&self, path: &str, breach: Option<Breach>) -> Option<String> {
        let element = &self.clause.element;
        if element.target == Target::DbusPerHour {
            return self.fewer_workers();
        }
        if element.target.is_virtual() || matches!(element.target, Target::LogConf(_)) {
            return None;
        }
        let mut remedy = None;
        let bound = |bound: &Option<_>| bound.as_ref().map(|bound| number(bound).to_string());
        let value = match (&element.rule, breach) {
            (Rule::Forbidden, _) => {
                add_member(&mut remedy, path, Null);
                return remedy;
            }
            (Rule::Range { min, .. }, Some(Breach::TooSmall)) => bound(min),
            (Rule::Range { max, .. }, Some(Breach::TooLarge)) => bound(max),
            (Rule::Range { min, max }, _) => {
                self.lawful_value().or_else(|| bound(min)).or_else(|| bound(max))
            }
            (Rule::Allowlist(values), _) => self
                .lawful_value()
                .or_else(|| fitting(self.clause, values.first()?, self.situation)),
            _ => self.lawful_value(),
        }?;
        if !self.clause.secret {
            add_member(&mut remedy, path, Json(&value));
        }
        remedy
    }

    /// As many workers as the bound on `dbus_per_hour` leaves room for, where it leaves any.
    fn fewer_workers(&self) -> Option<String> {
        let Rule::Range { max: Some(max), .. } = self.clause.element.rule else {
            return None;
        };
        let estimate = self.situation.review.fact("estimate")?;
        let rate = |role: &str| {
            estimate
                .get(role)?
                .get("dbu_per_hour")
                .and_then(Value::decimal_text)
        };
        let room = max
            .checked_sub(rate("driver")?)?
            .checked_div(rate("worker")?)?
            .floor();
        let workers = i64::try_from(room).ok()?;
        let (path, fewest) = match self.situation.given("autoscale") {
            Some(autoscale) => (
                "autoscale.max_workers",
                autoscale.get("min_workers").and_then(Value::integer)?,
            ),
            None => ("num_workers", 0),
        };
        let mut remedy = None;
        (workers >= fewest && workers >= 0).then(|| add_member(&mut remedy, path, workers))?;
        remedy
    }
}

/// JSON text that is written already.
struct Json<'a>(&'a str);

impl ToJson for Json<'_> {
    fn write(&self, out: &mut String) {
        out.push_str(self.0);
    }
}
