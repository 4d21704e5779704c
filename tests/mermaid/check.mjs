// Parses each chart of the JSON list on stdin by the real mermaid; prints a JSON list of `true` or what is wrong.
import { JSDOM } from "jsdom";

const { window } = new JSDOM("<!doctype html><body></body>", { pretendToBeVisual: true });
globalThis.window = window;
globalThis.document = window.document;
const { default: mermaid } = await import("mermaid");
mermaid.initialize({ startOnLoad: false });

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const results = [];
for (const chart of JSON.parse(Buffer.concat(chunks).toString())) {
  try {
    results.push(Boolean(await mermaid.parse(chart)));
  } catch (error) {
    results.push(String(error.message ?? error));
  }
}
console.log(JSON.stringify(results));
process.exit(0);
