//! The `tollgate` program: its command line lives in the library.

fn main() -> std::process::ExitCode {
    tollgate::cli::main()
}
