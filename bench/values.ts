/** What a shop might keep in a session, besides the count. */
export type Values = Record<string, unknown>;

/** How much a session holds, by the name of the size. */
export const sizes: Readonly<Record<string, Values>> = {
  "350 B": valuesWith(2),
  "4 KB": valuesWith(55),
};

function valuesWith(items: number): Values {
  return {
    user: { id: 4711, name: "Ada Lovelace", email: "ada@example.com" },
    roles: ["customer", "reviewer"],
    csrf: "q3Zl0vYt8sWcN5uHkRxJpA",
    locale: "en-GB",
    currency: "GBP",
    seenAt: 1_767_225_600_000,
    cart: Array.from({ length: items }, (_, i) => ({
      sku: `TEA-${1000 + i * 7}`,
      title: `Earl Grey no. ${i + 1}`,
      quantity: i % 3 + 1,
      pence: 495 + i * 10,
    })),
  };
}
