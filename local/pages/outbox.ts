import type { OutboxMessage } from '../aws/outbox.ts';
import { html, page } from './html.ts';

/** Newest first. */
export function outboxJson(messages: readonly OutboxMessage[]): object {
  return { items: messages.toReversed() };
}

export function outboxPage(messages: readonly OutboxMessage[]): string {
  const rows = messages.toReversed().map(({ at, topic, attributes, subject, message }) => {
    const tags = Object.entries(attributes).map(
      ([name, value]) => html`<span class="tag">${name}: ${value}</span> `,
    );
    return html`<tr><td class="soft">${at}</td><td>${topic}<br>${tags}</td><td><strong>${subject}</strong><pre>${pretty(message)}</pre></td></tr>`;
  });
  return page(
    'Outbox',
    messages.length === 0
      ? html`<p>Nothing has been sent yet. Every notification ends here; none leaves this machine.</p>`
      : html`<p class="soft">Newest first. <a href="/outbox.json">As JSON</a></p>
<table><tr><th>At</th><th>Topic</th><th>Message</th></tr>${rows}</table>`,
  );
}

function pretty(message: string): string {
  try {
    return JSON.stringify(JSON.parse(message), null, 2);
  } catch {
    return message;
  }
}
