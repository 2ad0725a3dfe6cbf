import Live from "../islands/Live.tsx";

/** The list of who is logged in, and the way out. */
export function Items({ items }: { items: string[] }) {
  return (
    <>
      <form method="post" action="/items">
        <label for="item">Item</label>
        <input id="item" name="item" required maxLength={40} />
        <button type="submit">Add</button>
      </form>
      <Live items={items} />
      <form method="post" action="/logout">
        <button type="submit">Log out</button>
      </form>
    </>
  );
}
