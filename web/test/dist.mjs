// What is committed in `dist` is what the sources make: the server has it in it.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const outDir = mkdtempSync(join(tmpdir(), "calls-web-"));
const files = (folder) =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [join(parentPath, name).slice(folder.length), readFileSync(join(parentPath, name))]),
  );
try {
  await build({ root, logLevel: "error", build: { outDir, emptyOutDir: true } });
  const [made, kept] = [files(outDir), files(join(root, "dist"))];
  const names = [...new Set([...made.keys(), ...kept.keys()])].sort();
  const stale = names.filter((name) => !made.has(name) || !kept.has(name) || !made.get(name).equals(kept.get(name)));
  if (stale.length > 0) {
    console.error(`web/dist is not what the sources make (${stale.join(", ")}): run \`npm run build\` in web/`);
    process.exitCode = 1;
  }
  const size = [...made.values()].reduce((sum, file) => sum + gzipSync(file).length, 0);
  console.log(`the page of a call: ${(size / 1000).toFixed(1)} kB compressed`);
} finally {
  rmSync(outDir, { recursive: true, force: true });
}
