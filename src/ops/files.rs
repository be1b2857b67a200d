//! Reading and writing files, with diagnostics that name them.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::intake::requests::bundle::Files;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{glob, rows};

/// Largest text that is read: a plan of ten thousand resources has 110 MiB.
const MAX_TEXT: u64 = 128 << 20;
/// Largest table that is read as a text, unpacked.
const MAX_TABLE: u64 = 256 << 20;

/// A source and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The path as given, or `-`.
    pub source: String,
    /// Its content.
    pub text: String,
    /// The folder that was named, where it was found below one: then it may be something else altogether.
    pub below: Option<Arc<str>>,
}

/// Reads a file; `-` is standard input.
///
/// # Errors
/// `file::unreadable`, `file::too-large`, `file::not-text`.
pub fn read_text(path: &Path) -> Result<Text, Diagnostics> {
    let source = path.display().to_string();
    let bytes = if source == "-" {
        read_bounded(io::stdin().lock(), 0, MAX_TEXT)
    } else {
        fs::File::open(path).and_then(|file| {
            let length = file.metadata().map_or(0, |metadata| metadata.len());
            read_bounded(file, length, MAX_TEXT)
        })
    };
    text_of(
        source.clone(),
        bytes.map_err(|e| unreadable(&source, &e))?,
        MAX_TEXT,
    )
}

fn text_of(source: String, bytes: Vec<u8>, most: u64) -> Result<Text, Diagnostics> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
        let message = format!("larger than {} MiB", most >> 20);
        return Err(Diagnostic::error("file::too-large", source, message)
            .hint("split it: one bundle at a time, `terraform plan -target`, fewer requests")
            .into());
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Text {
            source,
            text,
            below: None,
        }),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let message = format!("expected UTF-8 text, found other bytes at offset {at}");
            let hint = not_text(error.as_bytes());
            Err(Diagnostic::error("file::not-text", source, message)
                .hint(hint)
                .into())
        }
    }
}

/// What to do about bytes that are no text.
fn not_text(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
            "this is UTF-16, as PowerShell's `>` writes it: `| Out-File -Encoding utf8 FILE` writes UTF-8"
        }
        [b'P', b'K', ..] => {
            "this is a binary plan, or another archive: `terraform show -json FILE` prints a plan as text"
        }
        _ => "is this a binary plan? `terraform show -json` prints it as text",
    }
}

/// Reads up to a byte more than so many. Who knows the length says it: growing by doubling would take the room of two more.
fn read_bounded(from: impl Read, length: u64, most: u64) -> io::Result<Vec<u8>> {
    let room = length.min(most).saturating_add(1);
    let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or(0));
    from.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The diagnostic of a file that cannot be read.
pub fn unreadable(source: &str, error: &io::Error) -> Diagnostics {
    let hint = match error.kind() {
        io::ErrorKind::NotFound => "is the path right, seen from the current folder?",
        io::ErrorKind::PermissionDenied => "check who may read it",
        io::ErrorKind::IsADirectory => "name the files inside",
        _ => "check the file system",
    };
    Diagnostic::error("file::unreadable", source, error.to_string())
        .hint(hint)
        .into()
}

/// Writes a file whole or not at all: beside its name, which it gets when everything is on disk. What was there is replaced
/// and its permissions are kept; a link to a file stays one. Devices and pipes (`/dev/null`, `/dev/stdout`, `>(program)`) are
/// written to as they are.
///
/// # Errors
/// `file::not-written`, and what `write` says; then no file is there that was not before, and what went into a stream is gone.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut fs::File) -> Result<(), Diagnostics>,
) -> Result<(), Diagnostics> {
    let name = path.display().to_string();
    let cannot = |e: io::Error| not_written(&name, &e);
    if let Some(stream) = stream(path) {
        return write(&mut stream.map_err(cannot)?);
    }
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut waiting = path.as_os_str().to_owned();
    waiting.push(format!(".{}.new", std::process::id()));
    let waiting = PathBuf::from(waiting);
    let written = fs::File::create_new(&waiting)
        .map_err(cannot)
        .and_then(|mut file| {
            if let Ok(earlier) = fs::metadata(&path) {
                file.set_permissions(earlier.permissions()).map_err(cannot)?;
            }
            write(&mut file)?;
            file.sync_all().map_err(cannot)?;
            fs::rename(&waiting, &path).map_err(cannot)
        });
    if written.is_err() {
        // Best effort: the error that led here is told.
        let _ = fs::remove_file(&waiting);
    }
    written
}

/// [`write_whole`], of what is at hand.
///
/// # Errors
/// `file::not-written`.
pub fn write_all(path: &Path, content: impl AsRef<[u8]>) -> Result<(), Diagnostics> {
    write_whole(path, |file| {
        file.write_all(content.as_ref())
            .map_err(|e| not_written(&path.display().to_string(), &e))
    })
}

/// Whether bytes go through this name to somebody else. A file put in its place would take `/dev/null` from the whole machine.
pub fn is_stream(path: &Path) -> bool {
    own_stream(path).is_some() || fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// What [`is_stream`] tells of, opened.
fn stream(path: &Path) -> Option<io::Result<fs::File>> {
    own_stream(path).or_else(|| is_stream(path).then(|| fs::File::options().write(true).open(path)))
}

/// Standard output or standard error by its name. It is not opened again: where it is a file, each opening would write at a
/// place of its own, over what the other has written.
#[cfg(unix)]
fn own_stream(path: &Path) -> Option<io::Result<fs::File>> {
    use std::os::fd::AsFd;

    let number = path.to_str()?;
    let number = ["/dev/std", "/dev/fd/", "/proc/self/fd/"]
        .iter()
        .find_map(|folder| number.strip_prefix(folder))?;
    let own = match number {
        "out" | "1" => io::stdout().as_fd().try_clone_to_owned(),
        "err" | "2" => io::stderr().as_fd().try_clone_to_owned(),
        _ => return None,
    };
    Some(own.map(fs::File::from))
}

#[cfg(not(unix))]
fn own_stream(_: &Path) -> Option<io::Result<fs::File>> {
    None
}

/// The diagnostic of a file that cannot be written.
pub fn not_written(name: &str, error: &io::Error) -> Diagnostics {
    Diagnostic::error("file::not-written", name, error.to_string()).into()
}

/// Every file below a folder whose name satisfies `wanted`, sorted by path. A file named directly is itself.
///
/// # Errors
/// `file::unreadable`.
pub fn below(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Result<Vec<PathBuf>, Diagnostics> {
    if folder.is_file() {
        return Ok(vec![folder.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let named = |e: io::Error| unreadable(&next.display().to_string(), &e);
        for entry in fs::read_dir(&next).map_err(named)? {
            let path = entry.map_err(named)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if wanted(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Files beside a bundle, on disk.
#[derive(Debug, Clone, Copy)]
pub struct OnDisk;

impl Files for OnDisk {
    fn matching(&self, from: &str, pattern: &str) -> Result<Vec<String>, Diagnostics> {
        let folder = Path::new(from).parent().unwrap_or(Path::new(""));
        let mut found = vec![folder.to_owned()];
        let steps: Vec<&str> = pattern
            .split('/')
            .filter(|step| !step.is_empty() && *step != ".")
            .collect();
        for step in steps {
            if step.contains(['*', '?', '[', '\\']) {
                let mut matching = Vec::new();
                for folder in &found {
                    matching.extend(named_like(folder, step)?);
                }
                found = matching;
            } else {
                found = found.into_iter().map(|folder| folder.join(step)).collect();
            }
        }
        let mut files: Vec<String> = found
            .into_iter()
            .filter(|path| path.is_file())
            .map(|path| path.display().to_string())
            .collect();
        files.sort();
        files.dedup();
        Ok(files)
    }

    fn text(&self, path: &str) -> Result<String, Diagnostics> {
        read_text(Path::new(path)).map(|text| text.text)
    }
}

/// What is in a folder and has a name like a pattern; nothing where there is no such folder.
fn named_like(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, Diagnostics> {
    let listed = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let named = |e: io::Error| unreadable(&listed.display().to_string(), &e);
    if !listed.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(listed).map_err(named)? {
        let name = entry.map_err(named)?.file_name();
        if name
            .to_str()
            .is_some_and(|name| glob::matches_name(pattern, name))
        {
            found.push(folder.join(name));
        }
    }
    Ok(found)
}

/// A file that holds a table, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFile {
    /// The path as given, or as found below the folder that was given; `-` is standard input.
    pub source: String,
    path: PathBuf,
    /// Its length in bytes; 0 for standard input.
    pub bytes: u64,
}

impl TableFile {
    /// Opens it.
    ///
    /// # Errors
    /// `file::unreadable`.
    pub fn open(&self) -> Result<rows::Input, Diagnostics> {
        if self.source == "-" {
            return Ok(rows::Input::Stream(Box::new(io::stdin())));
        }
        let opened = fs::File::open(&self.path).map(rows::Input::File);
        opened.map_err(|e| unreadable(&self.source, &e))
    }

    /// Its text, unpacked where it is packed with gzip or zstd.
    ///
    /// # Errors
    /// `file::unreadable`, `file::damaged`, `file::too-large`, `file::not-text`.
    pub fn text(&self) -> Result<Text, Diagnostics> {
        let damaged = |e: io::Error| {
            Diagnostics::from(
                Diagnostic::error("file::damaged", &*self.source, e.to_string()).hint("fetch the file again"),
            )
        };
        let unpacked: Box<dyn Read> = match rows::opened(self.open()?).map_err(damaged)? {
            rows::Opened::Json(text) | rows::Opened::Other(rows::Input::Stream(text)) => text,
            rows::Opened::Other(rows::Input::File(file)) => Box::new(file),
        };
        text_of(
            self.source.clone(),
            read_bounded(unpacked, 0, MAX_TABLE).map_err(damaged)?,
            MAX_TABLE,
        )
    }

    /// All of its bytes.
    ///
    /// # Errors
    /// `file::unreadable`.
    pub fn read(&self) -> Result<Vec<u8>, Diagnostics> {
        let read = match self.source.as_str() {
            "-" => {
                let mut bytes = Vec::new();
                io::stdin().read_to_end(&mut bytes).map(|_| bytes)
            }
            _ => fs::read(&self.path),
        };
        read.map_err(|e| unreadable(&self.source, &e))
    }
}

/// Makes sure that standard input is named at most once, among all files of a command.
///
/// # Errors
/// `file::twice`.
pub fn stdin_once<'p>(paths: impl IntoIterator<Item = &'p PathBuf>) -> Result<(), Diagnostics> {
    match paths.into_iter().filter(|path| path.as_os_str() == "-").count() {
        0 | 1 => Ok(()),
        _ => Err(Diagnostic::error("file::twice", "-", "standard input can be read only once").into()),
    }
}

/// The files of tables: those named, and the parts below folders, sorted by path. What begins with `_` or `.` is no part:
/// so Spark writes what it needs beside them. Every file is opened once, so that none is missed after others are read.
///
/// # Errors
/// `file::twice`, `file::unreadable`, `file::no-parts`; all of them.
pub fn tables(paths: &[PathBuf]) -> Result<Vec<TableFile>, Diagnostics> {
    stdin_once(paths)?;
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        match parts(path) {
            Ok(found) => files.extend(found),
            Err(found) => problems.extend(found.0),
        }
    }
    match problems.is_empty() {
        true => Ok(files),
        false => Err(Diagnostics(problems).sorted()),
    }
}

fn parts(path: &Path) -> Result<Vec<TableFile>, Diagnostics> {
    let table = |path: PathBuf| {
        let mut file = TableFile {
            source: path.display().to_string(),
            path,
            bytes: 0,
        };
        if file.source != "-" {
            let length = fs::File::open(&file.path).and_then(|opened| opened.metadata());
            file.bytes = length.map_err(|e| unreadable(&file.source, &e))?.len();
        }
        Ok(file)
    };
    if !path.is_dir() {
        return Ok(vec![table(path.to_owned())?]);
    }
    let is_part = |found: &Path| {
        let inside = found.strip_prefix(path).unwrap_or(found);
        let mut names = inside.iter().map(|name| name.to_string_lossy());
        !names.any(|name| name.starts_with(['_', '.']))
    };
    let found = below(path, &is_part)?;
    if found.is_empty() {
        let source = path.display().to_string();
        let message = "a folder without any part: files that begin with `_` or `.` are none";
        return Err(Diagnostic::error("file::no-parts", source, message)
            .hint("name the folder in which the table's files are")
            .into());
    }
    found.into_iter().map(table).collect()
}

/// Whether the file's name has one of these extensions.
pub fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension()
        .and_then(|e| e.to_str())
        .is_some_and(|e| extensions.contains(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn what_is_written_to_keeps_its_kind_and_its_permissions() {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
        use std::process::Command;

        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);

        // A named pipe, as `>(program)` and `/dev/null` are: written to, never replaced.
        let pipe = at("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read_to_string(pipe).unwrap()
        });
        write_all(&pipe, "through").unwrap();
        assert_eq!(reader.join().unwrap(), "through");
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());

        fs::write(at("report"), "old").unwrap();
        fs::set_permissions(at("report"), fs::Permissions::from_mode(0o640)).unwrap();
        symlink("report", at("latest")).unwrap();
        write_all(&at("latest"), "new").unwrap();
        assert!(fs::symlink_metadata(at("latest")).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(at("report")).unwrap(), "new");
        let mode = fs::metadata(at("report")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);

        // A folder below /dev holds files like any other.
        if let Ok(shared) = tempfile::tempdir_in("/dev/shm") {
            let file = shared.path().join("report");
            write_all(&file, "longer").unwrap();
            write_all(&file, "new").unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        }

        let problems = write_all(folder.path(), "text").unwrap_err();
        assert_eq!(problems.0.first().unwrap().code, "file::not-written");
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["latest", "pipe", "report"]);
    }

    #[test]
    fn patterns_name_files_beside_a_bundle() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "databricks.yml",
            "a/x.yml",
            "a/y.txt",
            "b/z.yml",
            "b/.w.yml",
            "b/c/deep.yml",
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let root = folder.path().join("databricks.yml").display().to_string();
        let matching = |pattern: &str| -> Vec<String> {
            let found = OnDisk.matching(&root, pattern).unwrap();
            let inside = |path: &String| Path::new(path).strip_prefix(folder.path()).unwrap().to_owned();
            found
                .iter()
                .map(|path| inside(path).display().to_string())
                .collect()
        };
        assert_eq!(matching("*/*.yml"), ["a/x.yml", "b/.w.yml", "b/z.yml"]);
        assert_eq!(matching("**/*.yml"), matching("*/*.yml"));
        assert_eq!(matching("./a/?.[tx]*"), ["a/y.txt"]);
        assert_eq!(matching("*.yml"), ["databricks.yml"]);
        assert_eq!(matching("b/c/deep.yml"), ["b/c/deep.yml"]);
        assert_eq!(matching("b/c/../z.yml"), ["b/c/../z.yml"]);
        for nothing in ["b/c", "none/*.yml", "missing.yml", "databricks.yml/*"] {
            assert_eq!(matching(nothing), [""; 0], "{nothing}");
        }
    }
}
