//! From component and settings to machine code. Compilation cannot be interrupted and a component of a few
//! hundred KiB can make it take a minute and gigabytes, so what is not our own compiles in a child process
//! under limits that the kernel enforces.

use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::contract::Description;
use super::engine::{Allocation, Engine, host};
use super::failure::LoadFailure;
use super::freeze::{describe, freeze};
use super::limits::Limits;

/// Where untrusted components compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compiler {
    /// In this process: for components that are trusted, and for tests of them.
    InProcess,
    /// In a child: this program, called with these arguments, runs [`serve`].
    Child {
        /// The program.
        program: PathBuf,
        /// Its arguments.
        arguments: Vec<String>,
    },
}

/// A compiled image.
#[derive(Debug)]
pub struct Compiled {
    /// What the plugin says of itself.
    pub description: Description,
    /// Machine code, as wasmtime serialises it.
    pub code: Vec<u8>,
}

/// Compiles in this process.
///
/// # Errors
/// Why the component cannot become a rule.
pub fn compile(engine: &Engine, component: &[u8], settings: &str) -> Result<Compiled, LoadFailure> {
    let frozen = freeze(engine, component, settings)?;
    let code = engine
        .wasmtime()
        .precompile_component(&frozen.component)
        .map_err(host)?;
    Ok(Compiled {
        description: frozen.description,
        code,
    })
}

impl Compiler {
    /// Compiles where this compiler compiles.
    ///
    /// # Errors
    /// Why the component cannot become a rule.
    pub fn compile(
        &self,
        engine: &Engine,
        component: &[u8],
        settings: &str,
    ) -> Result<Compiled, LoadFailure> {
        match self {
            Compiler::InProcess => compile(engine, component, settings),
            Compiler::Child { program, arguments } => {
                let mut command = Command::new(program);
                command.args(arguments);
                compile_in_child(command, engine.limits(), component, Some(settings))
            }
        }
    }

    /// Asks a component what it says of itself, where this compiler compiles.
    ///
    /// # Errors
    /// Why it cannot be asked.
    pub fn describe(&self, engine: &Engine, component: &[u8]) -> Result<Description, LoadFailure> {
        match self {
            Compiler::InProcess => describe(engine, component),
            Compiler::Child { program, arguments } => {
                let mut command = Command::new(program);
                command.args(arguments);
                compile_in_child(command, engine.limits(), component, None).map(|c| c.description)
            }
        }
    }
}

/// What the child is told before the component.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    limits: Limits,
    /// None: only describe.
    settings: Option<String>,
}

/// What the child answers before the code.
type Answer = Result<Description, LoadFailure>;

/// The child's side: reads an order from `input`, limits itself, compiles, writes the answer.
///
/// # Errors
/// Only of reading and writing; what is wrong with the component is part of the answer.
pub fn serve(mut input: impl Read, mut output: impl Write) -> std::io::Result<()> {
    let order: Order = serde_json::from_slice(&read_part(&mut input)?)?;
    limit_this_process(&order.limits)?;
    let component = read_part(&mut input)?;
    let compiled =
        Engine::with(order.limits, Allocation::OnDemand).and_then(|engine| match &order.settings {
            Some(settings) => compile(&engine, &component, settings),
            None => describe(&engine, &component).map(|description| Compiled {
                description,
                code: Vec::new(),
            }),
        });
    let (answer, code): (Answer, Vec<u8>) = match compiled {
        Ok(compiled) => (Ok(compiled.description), compiled.code),
        Err(failure) => (Err(failure), Vec::new()),
    };
    write_part(&mut output, &serde_json::to_vec(&answer)?)?;
    write_part(&mut output, &code)?;
    output.flush()
}

fn limit_this_process(limits: &Limits) -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let hard = |n: u64| Rlimit {
        current: Some(n),
        maximum: Some(n),
    };
    setrlimit(Resource::Cpu, hard(limits.compile_cpu_seconds))?;
    // Of data, not of address space: a sandbox reserves 4 GiB of addresses for each memory and touches few of them.
    setrlimit(Resource::Data, hard(limits.compile_memory_bytes))?;
    // A crash leaves no core file behind.
    setrlimit(Resource::Core, hard(0))?;
    Ok(())
}

fn compile_in_child(
    mut command: Command,
    limits: &Limits,
    component: &[u8],
    settings: Option<&str>,
) -> Result<Compiled, LoadFailure> {
    let failed = |why: String| LoadFailure::Compile {
        cpu_seconds: limits.compile_cpu_seconds,
        memory_bytes: limits.compile_memory_bytes,
        why,
    };
    if component.len() > limits.component_bytes {
        return Err(LoadFailure::TooLarge {
            found: component.len(),
            limit: limits.component_bytes,
        });
    }
    let order = Order {
        limits: *limits,
        settings: settings.map(str::to_owned),
    };
    let order = serde_json::to_vec(&order).map_err(host)?;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| failed(format!("the compiling process cannot be started: {e}")))?;
    // A child that dies early closes its end: the broken pipe is then not the news, its exit is.
    if let Some(mut input) = child.stdin.take() {
        let _ = write_part(&mut input, &order).and_then(|()| write_part(&mut input, component));
    }
    let answer = read_answer(&mut child, limits);
    let _ = child.kill();
    let status = child.wait();
    match answer {
        Some((answer, code)) => answer.map(|description| Compiled { description, code }),
        None => Err(failed(match status {
            Ok(status) => format!("the compiling process ended with {status}"),
            Err(error) => error.to_string(),
        })),
    }
}

/// Reads the answer with a wall-clock limit of twice the CPU limit: a child that only waits uses no CPU.
fn read_answer(child: &mut Child, limits: &Limits) -> Option<(Answer, Vec<u8>)> {
    let mut output = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let read = || -> std::io::Result<(Answer, Vec<u8>)> {
            let answer = serde_json::from_slice(&read_part(&mut output)?)?;
            Ok((answer, read_part(&mut output)?))
        };
        let mut read = read;
        let _ = sender.send(read().ok());
    });
    receiver
        .recv_timeout(Duration::from_secs(limits.compile_cpu_seconds.saturating_mul(2)))
        .ok()
        .flatten()
}

/// A part is its length in eight bytes, then its bytes.
fn write_part(output: &mut impl Write, part: &[u8]) -> std::io::Result<()> {
    output.write_all(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes())?;
    output.write_all(part)
}

fn read_part(input: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 8];
    input.read_exact(&mut length).map_err(|_| too_short())?;
    let length = u64::from_le_bytes(length);
    let mut part = Vec::new();
    let read = input.take(length).read_to_end(&mut part)?;
    if u64::try_from(read).ok() == Some(length) {
        Ok(part)
    } else {
        Err(too_short())
    }
}

fn too_short() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the order ends too soon")
}
