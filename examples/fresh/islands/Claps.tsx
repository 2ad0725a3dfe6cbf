import { useSignal } from "@preact/signals";

interface ClapsProps {
  claps: number;
}

/** However fast it is clicked, every click is counted. */
export default function Claps(props: ClapsProps) {
  const claps = useSignal(props.claps);

  async function clap() {
    const response = await fetch("/claps", { method: "POST" });
    if (!response.ok) return;
    // Answers may overtake each other.
    claps.value = Math.max(claps.value, await response.json());
  }

  return (
    <p>
      <button type="button" onClick={clap}>Clap</button>{" "}
      <output>{claps}</output>
    </p>
  );
}
