//! What a page loads besides what all pages share, as one file.
//!
//! Code comes apart into as many modules as there are sets of pages that share something: a page needs dozens, most of them tiny. Each as
//! a file of its own would be a request more, and compressed by itself all of it would be a quarter larger.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, ensure};

use super::wasm::{Chunks, LOADER_FILE};

/// A pack begins with a line that tells the names and lengths of the modules which follow it.
const OPENER: &str = r#"
let opened;
function opens(page) {
    return () => (opened = open(page));
}
async function open(page) {
    const response = await fetch(new URL(`./${page}.pack`, import.meta.url));
    if (!response.ok) throw new Error(`${page}.pack: ${response.status}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    let begin = bytes.indexOf(10) + 1;
    const parts = new Map();
    for (const [name, length] of JSON.parse(new TextDecoder().decode(bytes.subarray(0, begin)))) {
        parts.set(name, bytes.subarray(begin, begin + length));
        begin += length;
    }
    return parts;
}
async function part(name) {
    const parts = await opened;
    return new Response(parts.get(name), { headers: { "content-type": "application/wasm" } });
}
"#;

/// Puts the modules of each page into one file and has the loader take them from there; gives those files.
pub(super) fn pack(folder: &Path, modules: &Chunks) -> anyhow::Result<Chunks> {
    let loader_file = folder.join(LOADER_FILE);
    let mut loader = fs::read_to_string(&loader_file)?;
    let all: BTreeSet<&String> = modules.values().flatten().collect();
    for module in &all {
        let fetched = format!("fetch(new URL(\"./{module}\", import.meta.url))");
        ensure!(
            loader.matches(&fetched).count() == 1,
            "the loader does not fetch {module} as it used to: has wasm_split_cli_support changed?"
        );
        loader = loader.replace(&fetched, &format!("part(\"{module}\")"));
    }
    let mut packs = Chunks::new();
    for (page, modules) in modules {
        loader = open_first(&loader, page)?;
        let name = format!("{page}.pack");
        fs::write(folder.join(&name), packed(folder, modules)?)?;
        packs.insert(page.clone(), vec![name]);
    }
    fs::write(loader_file, loader + OPENER)?;
    for module in all {
        fs::remove_file(folder.join(module))?;
    }
    Ok(packs)
}

fn packed(folder: &Path, modules: &[String]) -> anyhow::Result<Vec<u8>> {
    let mut index = Vec::new();
    let mut bodies = Vec::new();
    for name in modules {
        let module = fs::read(folder.join(name))?;
        index.push((name, module.len()));
        bodies.extend(module);
    }
    let mut pack = serde_json::to_vec(&index)?;
    pack.push(b'\n');
    pack.extend(bodies);
    Ok(pack)
}

/// Has the page's pack opened before its modules are asked for.
fn open_first(loader: &str, page: &str) -> anyhow::Result<String> {
    const MODULES: &str = ", [";
    let load = format!("__wasm_split_load_{page} = ");
    let place = loader
        .find(&load)
        .and_then(|start| Some(start + loader[start..].find(MODULES)? + MODULES.len()));
    let place = place.with_context(|| format!("the loader does not load {page} as it used to"))?;
    let (before, after) = loader.split_at(place);
    Ok(format!("{before}opens(\"{page}\"), {after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_come_from_the_pack_of_their_page() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        let fetch =
            |name: &str| format!("const src = fetch(new URL(\"./{name}\", import.meta.url));\n");
        let loader = format!(
            "const __chunk_1 = makeLoad(() => {{\n{}}}\n, []);\nexport const __wasm_split_load_inn = wrapAsyncCb(makeLoad(() => async (_imp) => ({{}}), [__chunk_1]));\nexport const __wasm_split_load_home = wrapAsyncCb(makeLoad(() => {{\n{}}}\n, [__chunk_1]));\n",
            fetch("chunk_1.wasm"),
            fetch("split_home.wasm")
        );
        fs::write(file(LOADER_FILE), &loader).unwrap();
        fs::write(file("chunk_1.wasm"), b"one").unwrap();
        fs::write(file("split_home.wasm"), b"home").unwrap();
        let modules = vec!["chunk_1.wasm".to_owned(), "split_home.wasm".to_owned()];
        let inn = vec!["chunk_1.wasm".to_owned()];
        let modules = Chunks::from([("home".to_owned(), modules), ("inn".to_owned(), inn)]);
        let packs = pack(folder.path(), &modules).unwrap();
        assert_eq!(packs["home"], ["home.pack"]);
        let packed = fs::read_to_string(file("home.pack")).unwrap();
        assert_eq!(
            packed,
            "[[\"chunk_1.wasm\",3],[\"split_home.wasm\",4]]\nonehome"
        );
        let loader = fs::read_to_string(file(LOADER_FILE)).unwrap();
        for page in ["home", "inn"] {
            let opened = format!(", [opens(\"{page}\"), __chunk_1]));");
            assert!(loader.contains(&opened), "{loader}");
        }
        assert!(loader.contains("part(\"chunk_1.wasm\")") && !loader.contains("./chunk_1"));
        assert!(!file("chunk_1.wasm").exists());

        fs::write(file(LOADER_FILE), "another").unwrap();
        assert!(pack(folder.path(), &modules).is_err());
    }
}
