/**
 * Runs `deno publish --dry-run` where the JSR registry can be reached, which
 * it needs, and says so where it cannot.
 *
 * @module
 */

async function run(...args: string[]) {
  const command = new Deno.Command(Deno.execPath(), { args });
  return await command.output();
}

const map = await run("run", "-A", "--no-config", "tools/import_map.ts");
if (!new TextDecoder().decode(map.stdout).trim().endsWith("/deno.json")) {
  console.log("publish dry run: skipped, because JSR cannot be reached");
} else {
  const { code, stderr } = await run("publish", "--dry-run", "--allow-dirty");
  await Deno.stderr.write(stderr);
  Deno.exit(code);
}
