/** A breakage of one line, which some test must notice. */
export interface Mutant {
  /** What is wrong with it. */
  readonly name: string;
  /** The file, from the root of the project. */
  readonly file: string;
  /** The text to replace; it occurs once. */
  readonly find: string;
  readonly replace: string;
}

/** What must not go unnoticed, file by file. */
export const mutants: readonly Mutant[] = Object.entries({
  store: [
    [
      "acquire() does not check the record",
      `.check({ key: this.#key("data", id), versionstamp: recordVersion })
        .check({ key, versionstamp: snapshot.lockVersion })`,
      ".check({ key, versionstamp: snapshot.lockVersion })",
    ],
    [
      "acquire() does not check the lock",
      `
        .check({ key, versionstamp: snapshot.lockVersion })`,
      "",
    ],
    [
      "acquire() does not give a late lock back",
      "}, () => void this.#giveBack(id, owner));",
      "});",
    ],
    [
      "acquire() gives back the lock of somebody else",
      'if (lock?.kind !== "held" || lock.owner !== owner) return;',
      'if (lock?.kind !== "held") return;',
    ],
    [
      "renew() does not check the lock",
      "this.#mine(hold).set(key, value,",
      "this.#kv.atomic().set(key, value,",
    ],
    [
      "renew() takes its own lost answer for a loss",
      'return version === hold.lockVersion ? "open" : { version };',
      'return version === hold.lockVersion ? "open" : "refused";',
    ],
    [
      "release() does not check the lock",
      "const commit = this.#mine(hold).delete(",
      "const commit = this.#kv.atomic().delete(",
    ],
    [
      "release() does not check the record that it touches",
      `commit.check({
          key: this.#key("data", hold.id),
          versionstamp: hold.recordVersion,
        }),`,
      "commit,",
    ],
    [
      "save() does not check the lock",
      "this.#setRecord(this.#unchanged(hold), hold.id, marked)",
      "this.#setRecord(this.#kv.atomic(), hold.id, marked)",
    ],
    [
      "save() does not check the record",
      "this.#setRecord(this.#unchanged(hold), hold.id, marked)",
      "this.#setRecord(this.#mine(hold), hold.id, marked)",
    ],
    [
      "save() keeps the lock though nobody follows",
      'return keep ? commit : commit.delete(this.#key("lock", hold.id));',
      "return commit;",
    ],
    [
      "save() believes the lock kept after a lost answer",
      "kept = keep && found.lockVersion === hold.lockVersion;",
      "",
    ],
    [
      "replace() does not check the lock",
      `.check({ key: this.#key("lock", id), versionstamp: lockVersion })
`,
      "",
    ],
    [
      "replace() does not check the record",
      `.check({ key: this.#key("data", id), versionstamp: recordVersion }),
        id,`,
      `,
        id,`,
    ],
    ["replace() hands on what may be stale", "certain = false;", ""],
    [
      "remove() does not check the lock",
      "this.#end(this.#mine(hold), hold, header,",
      "this.#end(this.#kv.atomic(), hold, header,",
    ],
    [
      "rotate() does not check the lock",
      "this.#end(this.#unchanged(hold), hold, old,",
      "this.#end(this.#kv.atomic(), hold, old,",
    ],
    [
      "rotate() does not check the record",
      "this.#end(this.#unchanged(hold), hold, old,",
      "this.#end(this.#mine(hold), hold, old,",
    ],
    [
      "rotate() ends the old id as if destroyed",
      "moved: true,",
      "moved: false,",
    ],
    [
      "rotate() ends the old id under the new digest",
      "this.#end(this.#unchanged(hold), hold, old,",
      "this.#end(this.#unchanged(hold), hold, next.record,",
    ],
    [
      "insert() does not check that the id is free",
      `.check({ key, versionstamp: null })
`,
      `
`,
    ],
    [
      "insert() does not check that the id was never ended",
      '.check({ key: this.#key("lock", id), versionstamp: null }),',
      ",",
    ],
    [
      "touch() does not check the record",
      `.check({ key: this.#key("data", id), versionstamp: version })
`,
      `
`,
    ],
    [
      "touch() does not check the lock",
      '.check({ key: this.#key("lock", id), versionstamp: null });',
      ";",
    ],
    [
      "a commit that nobody can judge passes for refused",
      "throw outcomeUnknown();",
      'return "refused";',
    ],
  ],
  commit: [
    [
      "{ ok: false } passes for refused without a look",
      "if (result.ok) return result.versionstamp;",
      "return result.ok ? result.versionstamp : null;",
    ],
    [
      "an error passes for refused",
      `      cause = error;
`,
      `      return null;
`,
    ],
    [
      "a busy database is not waited for",
      'error.message.startsWith("database is locked")',
      "false",
    ],
    [
      "an open outcome is not tried again",
      "const tries = 3;",
      "const tries = 1;",
    ],
    ["a late commit is left alone", "answer?.then(onUnclear, onUnclear);", ""],
  ],
  record: [
    [
      "isLive() ignores the absolute deadline",
      "now < header.expiresAt && now < header.endsAt",
      "now < header.expiresAt",
    ],
    [
      "isLive() ignores the idle deadline",
      "now < header.expiresAt && now < header.endsAt",
      "now < header.endsAt",
    ],
    [
      "renewed() extends the absolute deadline",
      "return { ...prolonged(header, now, lifetimes), renewedAt: now };",
      "return { ...prolonged(header, now, lifetimes), renewedAt: now, endsAt: now + lifetimes.absoluteTtl * 1000 };",
    ],
    [
      "wasApplied() ignores which commit it was",
      "if (has(own!)) return true;",
      "if (stored.some(({ writer }) => writer === own!.writer)) return true;",
    ],
    [
      "wasApplied() takes a pushed out mark for none",
      "older.some(has) ? false : undefined;",
      "older.some(has) ? false : false;",
    ],
    [
      "wasApplied() does not look at the marks behind its own",
      "|| older.some(has)",
      "",
    ],
    [
      "decodeRecord() accepts a deadline that is no number",
      "if (!Number.isFinite(createdAt + renewedAt + expiresAt + endsAt)) {",
      "if (ttl < asConfigured) {",
    ],
    [
      "decodeRecord() takes damaged bytes",
      "if (crc32(value.subarray(0, checksumAt)) !== view.getUint32(checksumAt)) {",
      "if (checksumAt < 0) {",
    ],
    [
      "the checksum leaves the values out",
      "crc32(bytes.subarray(0, checksumAt))",
      "crc32(bytes.subarray(0, payloadAt))",
    ],
    [
      "keepFor() lets KV drop the record at its deadline",
      "    60_000;",
      "    0;",
    ],
  ],
  json: [
    ["isPlain() has no depth limit", "left === 0 ||", ""],
    ["isPlain() makes one object two", "|| seen.has(object)", ""],
    [
      "stringify() asks toJSON()",
      'if ("toJSON" in Array.prototype) return null;',
      "",
    ],
    [
      "isPlain() loses the sign of zero",
      "Number.isFinite(value) && !Object.is(value, -0)",
      "Number.isFinite(value)",
    ],
    [
      "isPlain() loses what is no number",
      "Number.isFinite(value) && !Object.is(value, -0)",
      "!Object.is(value, -0)",
    ],
    [
      "isPlain() loses extra properties of an array",
      "return Reflect.ownKeys(array).length === array.length + 1 ? array : null;",
      "return array;",
    ],
    [
      "isPlain() loses symbol keys and hidden properties",
      "return Reflect.ownKeys(object).length === items.length ? items : null;",
      "return items;",
    ],
    [
      "isPlain() takes any object",
      "if (prototype !== Object.prototype) return null;",
      "",
    ],
    [
      "stringify() writes a key that read() refuses",
      "return suspect.test(json) ? null : json;",
      "return json;",
    ],
    [
      "parse() takes any key",
      'if (suspect.test(json)) throw new TypeError("a key may be __proto__");',
      "",
    ],
  ],
  values: [
    [
      "a value is parsed each time",
      "this.#all.set(key, parsed);",
      "",
    ],
    [
      "a new key is not written",
      "if (!this.#all.has(key)) this.#keys = null;",
      "",
    ],
    [
      "a deleted key is written",
      `this.#keys = null;
    return`,
      "return",
    ],
    [
      "keys are written that were cleared",
      `this.#keys = null;
    this.#all.clear();`,
      "this.#all.clear();",
    ],
    [
      "parse() takes a key without a value",
      "|| keys.length !== lines.length - 1",
      "",
    ],
    [
      "parse() takes a key twice",
      'if (all.size !== keys.length) throw new TypeError("a key is there twice");',
      "",
    ],
    [
      "parse() takes a key that is no string",
      'if (typeof key !== "string") throw new TypeError("a key is not a string");',
      "",
    ],
    [
      "entries() shows what was not parsed",
      "for (const key of this.#all.keys()) this.get(key);",
      "",
    ],
    [
      "get() throws what the parser throws",
      'throw corrupt(what, cause, "Set another one, or delete the record");',
      "throw cause;",
    ],
    [
      "stringify() counts a level less",
      "isPlain(value, maxDepth - 1, seen)",
      "isPlain(value, maxDepth, seen)",
    ],
    [
      "stringify() makes one object of two values two",
      "isPlain(value, maxDepth - 1, seen)",
      "isPlain(value, maxDepth - 1, new Set())",
    ],
  ],
  data: [
    [
      "encodeContents() has no depth limit",
      "if (objects > maxDepth) {",
      "if (objects < 0) {",
    ],
    [
      "encodeContents() loses extra properties",
      "tag === undefined || hasExtras(value, tag)",
      "tag === undefined",
    ],
    [
      "encodeContents() stores the whole buffer of a view",
      "view.buffer.slice(byteOffset, byteOffset + byteLength)",
      "view.buffer",
    ],
  ],
  token: [
    [
      "sameDigest() is always true",
      "return a.length === b.length && timingSafeEqual(a, b);",
      "return true;",
    ],
    [
      "sameDigest() compares the beginning",
      "timingSafeEqual(a, b)",
      "timingSafeEqual(a.subarray(0, 31), b.subarray(0, 31))",
    ],
  ],
  cookie: [
    ["writeCookie() without HttpOnly", "httpOnly: true,", "httpOnly: false,"],
    [
      "readToken() trims any white space",
      "trimmed(part)",
      "part.trim()",
    ],
    [
      "readToken() takes a space for a part of the value",
      "while (end > start && isBlank(end - 1)) end--;",
      "",
    ],
    [
      "readToken() accepts two secrets",
      "token.id !== found.id || token.secret !== found.secret",
      "token.id !== found.id",
    ],
    [
      "readToken() reads headers of any length",
      "header === null || header.length > maxHeaderLength",
      "header === null",
    ],
    [
      "isSecure() ignores a TLS proxy",
      " && !isForwardedHttps(request);",
      ";",
    ],
  ],
  response: [
    [
      "withTraces() without no-store",
      'return setsCookie ? "no-store" : "private";',
      'return "private";',
    ],
    ["withTraces() without Vary", "if (used) addVary(headers);", ""],
    [
      "withTraces() adds a second session cookie",
      ".filter((cookie) => !cookie.startsWith(`${cookieName}=`))",
      "",
    ],
  ],
  lease: [
    [
      "settle() lets the next renewal come",
      `this.stop();
    }
    // A renewal`,
      `}
    // A renewal`,
    ],
    [
      "a renewal under way is not waited for",
      "return this.#renewal === undefined && !this.#inDoubt;",
      "return !this.#inDoubt;",
    ],
    [
      "a lock is not proven again when its renewal failed",
      "return this.#renewal === undefined && !this.#inDoubt;",
      "return this.#renewal === undefined;",
    ],
    [
      "a lost lock is told by the commit alone",
      "if (this.#lost !== null) throw this.#lost;",
      "",
    ],
    [
      "settle() does not await a renewal",
      "await limit.race(this.#renewal);",
      "",
    ],
    [
      "a holder trusts its lease beyond its end",
      "const trust = 0.8;",
      "const trust = 2;",
    ],
    ["maxHold is ignored", "if (held >= maxHold) {", "if (held < 0) {"],
    [
      "a lost lock aborts no signal",
      "this.#controller?.abort(error);",
      "",
    ],
    [
      "renewals end with a new id",
      `this.#place.leave(); // Nobody can wait for the new id.
    this.#schedule(sentAt);`,
      "this.#place.leave();",
    ],
    [
      "renewals end after the first",
      "if (!this.#ended) this.#schedule(sentAt);",
      "",
    ],
    [
      "those behind wait on after regenerate()",
      "this.#place.leave(); // Nobody can wait for the new id.",
      "",
    ],
    [
      "those behind are not called at the end",
      `this.#place.leave();
  }

  /** The lock goes on`,
      `}

  /** The lock goes on`,
    ],
    [
      "the lock is handed over for ever",
      "this.#clock.elapsed() - this.#takenAt < longestRun;",
      "true;",
    ],
    [
      "the process does not rest",
      "this.#place.line.restUntil = this.#clock.elapsed() + longestPoll;",
      "",
    ],
    [
      "pass() to nobody leaves the lock",
      "await this.#store.release(hold, null, limit).catch(() => {}); // It ends with its lease.",
      "",
    ],
    [
      "pass() leaves the old version",
      "const hold = { ...this.#hold, recordVersion };",
      "const hold = this.#hold;",
    ],
  ],
  line: [
    ["a follower is not called", "next?.call(baton);", ""],
    [
      "one who leaves from the middle calls the next",
      "at === 0 ? this.#places[0] : undefined",
      "this.#places[at]",
    ],
    [
      "an empty line is kept",
      "if (this.#places.length === 0) this.#onEmpty();",
      "",
    ],
    [
      "one without the secret is a follower",
      "this.line.after(this)?.proven === true",
      "this.line.after(this) !== undefined",
    ],
  ],
  lock: [
    [
      "a waiter takes over before the lease is over",
      "const leaseMargin = 1.2;",
      "const leaseMargin = 0.8;",
    ],
    [
      "a renewed lock passes for a stale one",
      "if (sighting?.version === lockVersion)",
      "if (sighting !== undefined)",
    ],
    [
      "abandon() keeps the lock that was left to it",
      "await this.#drop(baton.grip);",
      "",
    ],
    [
      "abandon() does not hand the lock on",
      "if (place.leave(baton) ||",
      "if (place.leave() ||",
    ],
    [
      "enter() keeps the lock of a session that is over",
      "if (grip !== null) await this.#drop(grip);",
      "",
    ],
    [
      "one with a wrong secret waits",
      "if (known === null || !sameDigest(known, token.digest)) {",
      "if (known === null) {",
    ],
    [
      "there is no limit to a line",
      "if (line.countBefore(place) > options.maxWaiting) {",
      "if (line.countBefore(place) < 0) {",
    ],
    [
      "a first one that failed leaves all waiting",
      "if (opensLine) line.tell(null); // If it has not told what it read.",
      "",
    ],
    [
      "it is forgotten that the session was seen",
      'return seen ? "ended" : "unknown";',
      'return "unknown";',
    ],
    [
      "who saw a session is late for ten seconds only",
      "if (ended && (seen ||",
      "if (ended && (",
    ],
    [
      "an ended session is ended for ever",
      "this.#seenFor(snapshot) < underWayFor",
      "true",
    ],
    [
      "enter() accepts any secret",
      "return standing(record, digest, this.#clock.now());",
      "return standing(record, record.digest, this.#clock.now());",
    ],
    [
      "any secret learns that a session was ended",
      `lock?.kind === "ended" &&
      sameDigest(lock.header.digest, digest);`,
      'lock?.kind === "ended";',
    ],
  ],
  visit: [
    [
      "read() shows a flash that another request may show",
      "if (stored === null) contents.flash.clear();",
      "if (stored === null) current = record;",
    ],
    [
      "change() tells of what this request did",
      "!records.sameCommit(record, this.#stored)",
      "record !== this.#stored",
    ],
    [
      "open() answers what it read before it waited",
      "if (outcome.record === snapshot.record) contents = early;",
      "contents = early;",
    ],
    [
      "change() follows a session with another secret",
      "records.standing(record, token.digest, clock.now());",
      "records.standing(record, record.digest, clock.now());",
    ],
    [
      "read() accepts any secret",
      "records.standing(record, token.digest, now);",
      "records.standing(record, record.digest, now);",
    ],
    [
      "read() ignores the deadlines",
      "records.standing(record, token.digest, now);",
      "records.standing(record, token.digest, 0);",
    ],
    [
      "a loser extends the old cookie",
      'if (!await this.#isCurrent()) this.#cookieDue = "none";',
      "",
    ],
    [
      "save() begins a session though it is too late",
      'if (this.#fate !== "none") throw tooLate("save");',
      "",
    ],
    [
      "destroy() of a moved session passes",
      'if (this.#fate === "moved") throw tooLate("destroy");',
      "",
    ],
    [
      "a session begins though no cookie can be sent",
      "if (!this.answered) return;",
      "return;",
    ],
    [
      "save() and update() revive an expired session",
      `this.#mustBeLive(stored);
    const changed`,
      `this.#config.clock.now();
    const changed`,
    ],
    [
      "regenerate() revives an expired session",
      `this.#mustBeLive(stored);
    const token`,
      `this.#config.clock.now();
    const token`,
    ],
    [
      "destroy() takes no notice of an expired session",
      `this.#mustBeLive(stored);
    if`,
      "if",
    ],
    [
      "a save is not preceded by settle()",
      "if (!lease.settled) await this.#settle(lease, limit);",
      "",
    ],
    [
      "a renewal comes between a save and its answer",
      "lease.stop(); // While KV is at work.",
      "",
    ],
    [
      "regenerate() is not preceded by settle()",
      `await this.#settle(lease, limit);
    const stored = this.#stored!;
    const now`,
      `const stored = this.#stored!;
    const now`,
    ],
    [
      "destroy() is not preceded by settle()",
      `await this.#settle(lease, limit);
    const stored = this.#stored!;
    this.#mustBeLive`,
      `const stored = this.#stored!;
    this.#mustBeLive`,
    ],
    [
      "unlock() is not preceded by settle()",
      `await this.#settle(lease, limit);
      const`,
      "const",
    ],
    [
      "an update's turn may end during its commit",
      "this.#cancelTurn();\n    const saved",
      "const saved",
    ],
    [
      "a failed save() keeps the lock",
      "if (!limit.over) return await this.leave(limit);",
      "",
    ],
    [
      "open() of corrupt values keeps the lock",
      `await this.rollBack(limit);
      throw error;`,
      "throw error;",
    ],
    [
      "regenerate() keeps the secret",
      "const header = { ...stored, digest,",
      "const header = { ...stored,",
    ],
    [
      "update() may stand in line for ever",
      "this.#cancelTurn = clock.timer(options.maxHold, () => this.#endTurn());",
      "",
    ],
    [
      "update() that must try again keeps its turn",
      `this.#endTurn();
      return false;`,
      "return false;",
    ],
    ["destroy() leaves the cookie", 'this.#cookieDue = "delete";', ""],
  ],
  clock: [
    ["no limit has an end", "this.#arm();\n    return new", "return new"],
    [
      "a limit counts from the first wait",
      "this.#clock.timer(this.ms - this.spent,",
      "this.#clock.timer(this.ms,",
    ],
    [
      "a limit that has ended leaves a timer",
      "if (this.#cancelTimer !== undefined || this.#ended) return;",
      "if (this.#cancelTimer !== undefined) return;",
    ],
    ["a signal is listened to for ever", "this.#unfollow?.();", ""],
    [
      "a signal that has aborted before is not seen",
      "if (signal.aborted) return onAbort();",
      "",
    ],
  ],
  timers: [
    [
      "onSignals() listens to a signal that has fired",
      "signal === undefined || signal.aborted || at < firesAt",
      "signal === undefined || at < firesAt",
    ],
    [
      "onSignals() waits for a later time",
      "signal === undefined || signal.aborted || at < firesAt",
      "signal === undefined || signal.aborted",
    ],
    [
      "onSignals() makes a signal for each",
      "signal === undefined || signal.aborted || at < firesAt",
      "at > 0",
    ],
    [
      "onSignals() goes on listening",
      'return () => listened.removeEventListener("abort", callback);',
      "return () => {};",
    ],
    [
      "a timer is left behind",
      "if (this.#alarms.size === 0) this.#disarm();",
      "",
    ],
    [
      "a long timer fires too early",
      "if (alarm.at <= now) due.push(alarm);",
      "if (alarm.at < Infinity) due.push(alarm);",
    ],
    [
      "only the first timer fires",
      "if (next < Infinity) this.#arm(next, now);",
      "",
    ],
  ],
  watchers: [
    [
      "nobody is told",
      "for (const callback of this.#callbacks.get(id) ?? []) callback();",
      "",
    ],
  ],
  flash: [
    [
      "a value is for the request that leaves it, too",
      "return !this.#left.has(key);",
      "return true;",
    ],
    [
      "what read() took is lost with what was never stored",
      "this.#seen = this.#received(flash, this.#taken);",
      "this.#seen = this.#received(flash, nothing);",
    ],
    [
      "what was put out of sight comes back after a save",
      "this.#taken = this.#received(nothing, this.#seen);",
      "",
    ],
    [
      "clear() leaves what was to be left",
      "this.#seen = this.#leaving = nothing;",
      "this.#seen = nothing;",
    ],
    [
      "what an open() discards is left all the same",
      `this.#leaving = flash.size === 0
      ? nothing`,
      `this.#leaving = flash.size === 0
      ? this.#leaving`,
    ],
  ],
  session: [
    [
      "only the first that waits goes on",
      "this.#waiting?.forEach((resolve) => resolve());",
      "this.#waiting?.[0]?.();",
    ],

    [
      "set() leaves a flash of the same key in sight",
      "    this.#flash.delete(name(key));\n    return this;",
      "    return this;",
    ],
    [
      "changes() tells while this request has the session",
      "if (!this.#isLatest(epoch)) continue;",
      "",
    ],
    [
      "changes() goes on when it is left",
      "scope.abort(stopped);",
      "",
    ],
    [
      "open() that is cancelled late keeps the lock",
      "if (limit.aborted) {",
      "if (limit.aborted && limit.ms < 0) {",
    ],
    [
      "read() overwrites what came later",
      "if (this.#isLatest(epoch)) {",
      "if (epoch > 0 || this.#isLatest(epoch)) {",
    ],
    [
      "respond() does not tell of a lock left",
      "if (!forgotten) return;",
      "if (!forgotten || !opening) return;",
    ],
    ["update() goes without a lock for ever", "{}, tries > 0)", "{}, true)"],
    [
      "update() keeps the lock when fn throws",
      `await this.#giveUp();
        throw error;`,
      "throw error;",
    ],
  ],
} as Record<string, [name: string, find: string, replace: string][]>)
  .flatMap(([file, list]) =>
    list.map(([name, find, replace]) => ({
      name: `${file}: ${name}`,
      file: `src/${file}.ts`,
      find,
      replace,
    }))
  );
