const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup that is safe to send: made by `html`, with everything interpolated escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Interpolated = string | number | undefined | Html | readonly Html[];

/** A template tag that escapes what it is given, except markup made by itself. */
export function html(parts: TemplateStringsArray, ...values: readonly Interpolated[]): Html {
  return new Html(parts.reduce((text, part, index) => text + render(values[index - 1]) + part));
}

function render(value: Interpolated): string {
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(({ text }) => text).join('');
  return String(value ?? '').replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --soft: color-mix(in srgb, currentColor 65%, transparent); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
a { color: #0b63c5; } @media (prefers-color-scheme: dark) { a { color: #7db7ff; } }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); } code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre { overflow: auto; padding: .6rem; border: 1px solid var(--line); border-radius: 6px; max-height: 24rem; white-space: pre-wrap; overflow-wrap: anywhere; }
nav a { margin-right: 1rem; } .soft { color: var(--soft); } details > summary { cursor: pointer; }
.tag { display: inline-block; padding: 0 .45rem; border-radius: 4px; border: 1px solid var(--line); font: 12px/1.6 ui-monospace, monospace; }
`;

/** A whole page with the navigation of all pages. */
export function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title} · storefront</title><style>${new Html(style)}</style></head><body>
<nav><a href="/">Overview</a><a href="/docs">API</a><a href="/console">Checkout runs</a><a href="/outbox">Outbox</a></nav>
<h1>${title}</h1>${body}</body></html>`.text;
}
