//! Files that are put in place together, or not at all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::diagnostic::{Diagnostic, Diagnostics};

/// Files that wait in a folder of their own, below the one that they will go to.
pub(super) struct Staged {
    output: PathBuf,
    waiting: PathBuf,
    force: bool,
    /// Folder and name of each file.
    files: Vec<(String, &'static str)>,
    /// Folders that were made for this, outermost first.
    made: Vec<PathBuf>,
    committed: bool,
}

/// What was done to the folder, and how it is undone.
enum Done {
    /// A folder was made.
    Made(PathBuf),
    /// A file was moved from the first place to the second.
    Moved(PathBuf, PathBuf),
}

impl Staged {
    /// Makes the folder where files wait.
    ///
    /// # Errors
    /// `file::not-written`.
    pub fn begin(output: &Path, force: bool) -> Result<Staged, Diagnostics> {
        let mut made: Vec<PathBuf> = output
            .ancestors()
            .take_while(|p| !p.as_os_str().is_empty() && !p.exists())
            .map(Path::to_owned)
            .collect();
        made.reverse();
        let waiting = output.join(format!(".tollgate-import-{}", std::process::id()));
        let staged = Staged {
            output: output.to_owned(),
            waiting,
            force,
            files: Vec::new(),
            made,
            committed: false,
        };
        fs::create_dir_all(&staged.waiting).map_err(|e| not_written(&staged.waiting, &e))?;
        Ok(staged)
    }

    /// Where the files wait.
    pub fn folder(&self) -> &Path {
        &self.waiting
    }

    /// Adds a file of a folder.
    ///
    /// # Errors
    /// `import::exists` where it would take the place of another, `file::not-written`.
    pub fn add(&mut self, folder: &str, file: &'static str, text: &str) -> Result<(), Diagnostics> {
        let target = self.output.join(folder).join(file);
        if !self.force && target.symlink_metadata().is_ok() {
            let found = Diagnostic::error(
                "import::exists",
                target.display().to_string(),
                "it is there already",
            );
            return Err(found
                .hint("--force writes over it; --name or another folder leaves it alone")
                .into());
        }
        let waiting = self.waiting.join(folder);
        let path = waiting.join(file);
        fs::create_dir_all(&waiting)
            .and_then(|()| fs::write(&path, text))
            .map_err(|e| not_written(&path, &e))?;
        self.files.push((folder.to_owned(), file));
        Ok(())
    }

    /// Puts every file in its place; where one cannot be, all go back.
    ///
    /// # Errors
    /// `file::not-written`.
    pub fn commit(mut self) -> Result<(), Diagnostics> {
        let mut done = Vec::new();
        for (folder, file) in &self.files {
            if let Err((path, error)) = self.place(folder, file, &mut done) {
                undo(done);
                return Err(not_written(&path, &error));
            }
        }
        self.committed = true;
        Ok(())
    }

    fn place(&self, folder: &str, file: &str, done: &mut Vec<Done>) -> Result<(), (PathBuf, io::Error)> {
        let into = self.output.join(folder);
        if !into.is_dir() {
            fs::create_dir(&into).map_err(|e| (into.clone(), e))?;
            done.push(Done::Made(into.clone()));
        }
        let target = into.join(file);
        let mut moved = |from: PathBuf, to: PathBuf| match fs::rename(&from, &to) {
            Ok(()) => {
                done.push(Done::Moved(from, to));
                Ok(())
            }
            Err(error) => Err((to, error)),
        };
        if target.symlink_metadata().is_ok() {
            moved(
                target.clone(),
                self.waiting.join(folder).join(format!("{file}.before")),
            )?;
        }
        moved(self.waiting.join(folder).join(file), target)
    }
}

/// Best effort: what cannot be moved back stays where it is, and the error that led here is told.
fn undo(done: Vec<Done>) {
    for step in done.into_iter().rev() {
        let _ = match step {
            Done::Made(folder) => fs::remove_dir(folder),
            Done::Moved(from, to) => fs::rename(to, from),
        };
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.waiting);
        if !self.committed {
            for folder in self.made.iter().rev() {
                let _ = fs::remove_dir(folder);
            }
        }
    }
}

fn not_written(path: &Path, error: &io::Error) -> Diagnostics {
    Diagnostic::error("file::not-written", path.display().to_string(), error.to_string()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(output: &Path, force: bool, files: &[(&str, &'static str)]) -> Result<Staged, Diagnostics> {
        let mut staged = Staged::begin(output, force)?;
        for (folder, file) in files {
            staged.add(folder, file, "new")?;
        }
        Ok(staged)
    }

    fn tree(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(&next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path.clone());
                }
                found.push(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
        found.sort();
        found
    }

    #[test]
    fn files_appear_together_and_nothing_is_left_over() {
        let base = tempfile::tempdir().unwrap();
        let output = base.path().join("a/b");
        let staged = stage(&output, false, &[("p", "policy.yaml"), ("q", "policy.yaml")]).unwrap();
        staged.commit().unwrap();
        assert_eq!(tree(&output), ["p", "p/policy.yaml", "q", "q/policy.yaml"]);
        // Not committed: as if nothing had been.
        drop(stage(&base.path().join("c/d"), false, &[("p", "policy.yaml")]).unwrap());
        assert_eq!(tree(base.path()).iter().filter(|p| p.starts_with('c')).count(), 0);
    }

    #[test]
    fn what_is_there_stays_unless_it_is_forced() {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir(base.path().join("p")).unwrap();
        fs::write(base.path().join("p/policy.yaml"), "old").unwrap();
        fs::write(base.path().join("p/notes.md"), "mine").unwrap();
        let refused = stage(base.path(), false, &[("p", "cases.yaml"), ("p", "policy.yaml")]);
        assert_eq!(refused.err().unwrap().0[0].code, "import::exists");
        assert_eq!(tree(base.path()), ["p", "p/notes.md", "p/policy.yaml"]);
        let forced = stage(base.path(), true, &[("p", "policy.yaml")]).unwrap();
        forced.commit().unwrap();
        assert_eq!(
            fs::read_to_string(base.path().join("p/policy.yaml")).unwrap(),
            "new"
        );
        assert_eq!(tree(base.path()), ["p", "p/notes.md", "p/policy.yaml"]);
    }

    #[test]
    fn where_one_file_cannot_be_placed_all_go_back() {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir(base.path().join("p")).unwrap();
        fs::write(base.path().join("p/policy.yaml"), "old").unwrap();
        let staged = stage(
            base.path(),
            true,
            &[("p", "policy.yaml"), ("n", "policy.yaml"), ("q", "policy.yaml")],
        )
        .unwrap();
        // Somebody puts a file where a folder has to be.
        fs::write(base.path().join("q"), "in the way").unwrap();
        assert_eq!(staged.commit().unwrap_err().0[0].code, "file::not-written");
        assert_eq!(
            fs::read_to_string(base.path().join("p/policy.yaml")).unwrap(),
            "old"
        );
        assert_eq!(tree(base.path()), ["p", "p/policy.yaml", "q"]);
    }
}
