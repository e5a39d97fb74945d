// Every golden message of `protocol/golden` fits its TypeScript type, with no field that the type does not have.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const here = dirname(fileURLToPath(import.meta.url));
const golden = join(here, "../../protocol/golden");
const events = (map) => [...readFileSync(join(here, "../src/protocol.ts"), "utf8").matchAll(map)].map((m) => m[1]);
const names = new Map(events(/^ {2}"([a-z_]+:[a-z_]+)": /gm).map((name) => [name.replace(":", "_"), name]));

/** The type of a golden message, by its folder and the event in its file name. */
const types = {
  client: (event) => `ClientPayloads["${event}"]`,
  server: (event) => `Parameters<ServerEvents["${event}"]>[0]`,
  ack: (event) => `Ack<Answers["${event}"]>`,
  error: () => "Ack<Done>",
};

let source = 'import type { Ack, Answers, ClientPayloads, Done, ServerEvents } from "../src/protocol";\n';
let count = 0;
for (const [folder, type] of Object.entries(types)) {
  const files = readdirSync(join(golden, folder)).sort();
  for (const file of files) {
    // A message that is written differently from how it was read is tolerated, which the types need not be.
    if (files.includes(file.replace(".json", ".out.json"))) continue;
    const text = readFileSync(join(golden, folder, file), "utf8").trim();
    // The first document's examples leave descriptions empty: `{ /* SDP offer */ }`.
    if (/: \{\}/.test(text) || /newer/.test(file)) continue;
    count += 1;
    source += `export const c${count}: ${type(names.get(file.split(".")[0]))} = // ${folder}/${file}\n${text};\n`;
  }
}

const virtual = join(here, "goldens.virtual.ts");
const { config } = ts.readConfigFile(join(here, "../tsconfig.json"), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(here, ".."));
const host = ts.createCompilerHost(options);
const [read, exists] = [host.getSourceFile, host.fileExists];
host.fileExists = (path) => path === virtual || exists(path);
host.getSourceFile = (path, ...rest) =>
  path === virtual ? ts.createSourceFile(path, source, rest[0]) : read(path, ...rest);
const wrong = ts.getPreEmitDiagnostics(ts.createProgram([virtual], options, host));
if (wrong.length > 0) {
  console.error(ts.formatDiagnosticsWithColorAndContext(wrong, host));
  process.exit(1);
}
console.log(`${count} golden messages fit their types`);
