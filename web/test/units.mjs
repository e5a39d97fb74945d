// Runs every `*.test.ts` by Node's own test runner, each bundled on its own.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const entryPoints = readdirSync(here).filter((name) => name.endsWith(".test.ts")).map((name) => join(here, name));
const outdir = mkdtempSync(join(tmpdir(), "calls-web-"));
try {
  const outExtension = { ".js": ".mjs" };
  await build({ entryPoints, outdir, outExtension, bundle: true, format: "esm", platform: "node", sourcemap: "inline", logLevel: "warning" });
  const tests = readdirSync(outdir).map((name) => join(outdir, name));
  const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=spec", ...tests], {
    cwd: join(here, "../.."),
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(outdir, { recursive: true, force: true });
}
