/**
 * Opens the database whose name it is given, with the package it is given, and
 * does what it reads: a line `["check", "session=…"]` calls the function of
 * `visits.mjs`. Prints what that answers.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import * as visits from "./visits.mjs";

// The package is an argument, because Deno, which checks this file, has none.
const [, , kvPackage, name] = process.argv;
const { openKv } = await import(kvPackage);
const kv = await openKv(name);
for await (const line of createInterface({ input: process.stdin })) {
  const [call, ...args] = JSON.parse(line);
  console.log(JSON.stringify(await visits[call](kv, ...args) ?? null));
}
kv.close();
