use super::*;

#[test]
fn dump() {
    for file in std::env::args()
        .filter(|a| a.ends_with(".json"))
        .chain(std::env::var("DUMP").ok())
    {
        let text = std::fs::read_to_string(&file).unwrap();
        let started = std::time::Instant::now();
        let mut reading = read(&file, &text);
        reading.link();
        println!("{file}: {:?}", started.elapsed());
        for r in &reading.requests {
            println!(
                "REQ {} {:?} {:?} {} {} ",
                r.address.as_ref().unwrap(),
                r.name,
                r.around.kind,
                r.around.action,
                r.body
            );
            println!(
                "   unknown {:?} {:?} injected {:?} policy {:?} pools {}",
                r.around.unknown.paths,
                r.around.unknown.references,
                r.around.injected,
                r.around.policy.as_ref().map(|p| (&p.name, p.settings.is_some())),
                r.around.pools.len()
            );
        }
        for r in &reading.resources {
            println!(
                "RES {} {:?} {} {} {} {:?}",
                r.address.as_ref().unwrap(),
                r.name,
                r.kind,
                r.action,
                r.body,
                r.unknown
            );
        }
        println!("{}", reading.problems);
    }
}
