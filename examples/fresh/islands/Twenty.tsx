import { useSignal } from "@preact/signals";

const requests = 20;

/** Sends requests at the same time, each of which adds one to the session. */
export default function Twenty(props: { count: number }) {
  const count = useSignal(props.count);
  const result = useSignal("");

  async function send() {
    result.value = "waiting";
    try {
      // The first begins the session; without its cookie, each would begin one.
      await increment();
      const counts = await Promise.all(
        Array.from({ length: requests }, increment),
      );
      // Two that overwrite each other answer the same count.
      result.value = `kept ${new Set(counts).size} of ${requests}`;
      count.value = Math.max(...counts);
    } catch (error) {
      result.value = String(error);
    }
  }

  return (
    <p>
      <button type="button" onClick={send}>Send {requests} requests</button>
      {" "}
      Count {count} <output>{result}</output>
    </p>
  );
}

async function increment(): Promise<number> {
  const response = await fetch("/count", { method: "POST" });
  if (!response.ok) throw new Error(await response.text());
  return await response.json();
}
