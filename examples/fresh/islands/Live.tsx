import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** The items, also those that are added in another tab or on another server. */
export default function Live(props: { items: string[] }) {
  const items = useSignal(props.items);
  const ended = useSignal(false);

  useEffect(() => {
    const source = new EventSource("/events");
    source.onmessage = ({ data }) => items.value = JSON.parse(data);
    source.addEventListener("end", () => {
      source.close();
      ended.value = true;
    });
    return () => source.close();
  }, []);

  if (ended.value) {
    // Logged out in another tab, or logged in there under a new id.
    return (
      <p role="status">
        This session has ended: <a href="/">go on</a>.
      </p>
    );
  }
  return (
    <ul aria-live="polite">
      {items.value.map((item, index) => <li key={index}>{item}</li>)}
    </ul>
  );
}
