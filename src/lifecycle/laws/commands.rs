//! Random commands against a plain model of one cluster: what is refused and how, in which state it ends, what is billed.

use proptest::prelude::*;
use serde_json::json;

use super::super::between::Between;
use super::super::fixture::{DBU, VM, admitted, at, cluster, one_day, run, seconds};
use super::super::simulation::{Command, Outcome};
use super::super::timing::Timing;
use super::random::clock;
use crate::databricks::state::State;

/// Seconds of the day at which all is over.
const END: i64 = 3_600;

/// One cluster of so many workers, whose steps take a fixed time.
#[derive(Debug)]
struct Model {
    /// A new machine, a boot on one that stays, a tear-down.
    launch: i64,
    boot: i64,
    tear_down: i64,
    now: i64,
    state: State,
    /// When the state ends by itself.
    until: Option<i64>,
    /// Workers that are asked for by the next start, that there are, that do their part.
    size: i64,
    machines: i64,
    nodes: i64,
    deleted: bool,
    gone: bool,
    vm: i64,
    dbu: i64,
    refusals: Vec<(i64, &'static str, String)>,
}

impl Model {
    fn bill(&mut self, to: i64) {
        self.vm += self.machines * (to - self.now);
        if matches!(self.state, State::Running | State::Resizing) {
            self.dbu += self.nodes * (to - self.now);
        }
        self.now = to;
    }

    /// Lets everything happen up to and including a second.
    fn reach(&mut self, to: i64) {
        while let Some(until) = self.until.filter(|until| *until <= to) {
            self.bill(until);
            self.until = None;
            match self.state {
                State::Terminating => {
                    self.state = State::Terminated;
                    (self.machines, self.nodes) = (0, 0);
                    self.gone = self.deleted;
                }
                _ => {
                    self.state = State::Running;
                    self.nodes = self.machines;
                }
            }
        }
        self.bill(to);
    }

    fn starts(&mut self, state: State, seconds: i64) {
        self.state = state;
        self.machines = self.size + 1;
        self.until = Some(self.now + seconds);
    }

    fn obey(&mut self, command: &Command) {
        let refuse = |m: &mut Model, state: &str| {
            let message = format!("is in unexpected state {state}.");
            m.refusals.push((m.now, "INVALID_STATE", message));
        };
        if self.gone {
            let message = "does not exist".to_owned();
            return self.refusals.push((self.now, "INVALID_PARAMETER_VALUE", message));
        }
        let name = match self.state {
            State::Pending => "Pending",
            State::Running => "Running",
            State::Restarting => "Restarting",
            State::Resizing => "Resizing",
            State::Terminating => "Terminating",
            State::Terminated => "Terminated",
        };
        match (command, self.state) {
            (Command::Pin | Command::Unpin, _) => {}
            (Command::Start, State::Terminated) => self.starts(State::Pending, self.launch + self.boot),
            (Command::Restart, State::Running) => self.starts(State::Restarting, self.boot),
            (Command::Edit(admitted), State::Running) => {
                self.size = i64::from(admitted.spec.workers.min);
                self.starts(State::Restarting, self.launch + self.boot);
            }
            (Command::Edit(admitted), State::Terminated) => self.size = i64::from(admitted.spec.workers.min),
            (Command::Resize(workers), State::Running) => {
                self.size = i64::from(*workers);
                let more = self.size + 1 - self.machines;
                self.machines = self.size + 1;
                self.nodes = self.nodes.min(self.machines);
                if more > 0 {
                    self.state = State::Resizing;
                    self.until = Some(self.now + self.launch);
                }
            }
            (Command::Delete | Command::Retire | Command::PermanentDelete, state) => {
                if *command == Command::PermanentDelete {
                    self.deleted = true;
                    self.gone = state == State::Terminated;
                }
                if !matches!(state, State::Terminating | State::Terminated) {
                    self.state = State::Terminating;
                    self.until = Some(self.now + self.tear_down);
                }
            }
            _ => refuse(self, name),
        }
    }
}

fn request(workers: u32) -> serde_json::Value {
    json!({"num_workers": workers, "node_type_id": "Standard_DS3_v2"})
}

fn commands() -> impl Strategy<Value = Vec<(u32, Command)>> {
    let command = prop_oneof![
        4 => Just(Command::Start),
        3 => Just(Command::Restart),
        3 => (0_u32..5).prop_map(|n| Command::Edit(Box::new(admitted(request(n))))),
        4 => (0_u32..5).prop_map(Command::Resize),
        3 => Just(Command::Delete),
        1 => Just(Command::PermanentDelete),
        1 => Just(Command::Retire),
        1 => Just(Command::Pin),
        1 => Just(Command::Unpin),
    ];
    prop::collection::vec((0_u32..3_600, command), 0..30).prop_map(|mut commands| {
        commands.sort_by_key(|(at, _)| *at);
        commands
    })
}

fn refusals(outcome: &Outcome) -> Vec<(i64, &'static str, String)> {
    let start = at("00:00:00");
    let refusals = outcome.refusals.iter();
    refusals
        .map(|r| {
            let message = r
                .message
                .strip_prefix(&format!("Cluster {} ", r.cluster_id))
                .unwrap();
            ((r.at - start).num_seconds(), r.error_code, message.to_owned())
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn one_cluster_is_as_the_plain_model_says(
        workers in 0_u32..5,
        commands in commands(),
        (launch, boot, tear_down) in (0_u32..300, 0_u32..100, 0_u32..200),
    ) {
        let mut simulation = one_day();
        simulation.period.end = at("01:00:00");
        simulation.timing = Timing {
            allocate: Between::exactly(launch),
            driver_boot: Between::exactly(boot),
            terminate: Between::exactly(tear_down),
            ..simulation.timing
        };
        let mut adhoc = cluster("adhoc", "00:00:00", request(workers), Vec::new());
        adhoc.commands = commands.iter().map(|(second, c)| (at(&clock(*second)), c.clone())).collect();
        simulation.clusters = vec![adhoc];
        let outcome = run(&simulation);

        let mut model = Model {
            launch: i64::from(launch),
            boot: i64::from(boot),
            tear_down: i64::from(tear_down),
            now: 0,
            state: State::Terminated,
            until: None,
            size: i64::from(workers),
            machines: 0,
            nodes: 0,
            deleted: false,
            gone: false,
            vm: 0,
            dbu: 0,
            refusals: Vec::new(),
        };
        model.starts(State::Pending, model.launch + model.boot);
        for (second, command) in &commands {
            // What is due at the second of a command happens before it.
            model.reach(i64::from(*second));
            model.obey(command);
        }
        model.reach(END - 1);
        model.bill(END);
        prop_assert_eq!(refusals(&outcome), model.refusals);
        let record = &outcome.clusters[0];
        prop_assert_eq!((record.state, record.gone.is_some()), (model.state, model.gone));
        let billed = (seconds(&outcome, VM, |_| true), seconds(&outcome, DBU, |_| true));
        prop_assert_eq!(billed, (model.vm, model.dbu));
    }
}
