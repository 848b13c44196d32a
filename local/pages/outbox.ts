import type { DeliveredMessage, OutboxMessage } from '../aws/outbox.ts';
import { html, page } from './html.ts';

/** Newest first: what was published, and what people would have received of it. */
export function outboxJson(
  messages: readonly OutboxMessage[],
  delivered: readonly DeliveredMessage[] = [],
): object {
  return { items: messages.toReversed(), delivered: delivered.toReversed() };
}

export function outboxPage(
  messages: readonly OutboxMessage[],
  delivered: readonly DeliveredMessage[] = [],
): string {
  return page(
    'Outbox',
    messages.length + delivered.length === 0
      ? html`<p>Nothing has been sent yet. Every notification ends here; none leaves this machine.</p>`
      : html`<p class="soft">Newest first. <a href="/outbox.json">As JSON</a></p>
<h2>Delivered</h2>
<table><tr><th>At</th><th>To</th><th>Message</th></tr>${delivered.toReversed().map(deliveredRow)}</table>
<h2>Published</h2>
<table><tr><th>At</th><th>Topic</th><th>Message</th></tr>${messages.toReversed().map(publishedRow)}</table>`,
  );
}

function deliveredRow({ at, channel, to, from, subject, text }: DeliveredMessage) {
  return html`<tr><td class="soft">${at}</td><td>${to}<br><span class="tag">${channel}</span><br><span class="soft">${from}</span></td><td><strong>${subject}</strong><pre>${text}</pre></td></tr>`;
}

function publishedRow({ at, topic, attributes, subject, message }: OutboxMessage) {
  const tags = Object.entries(attributes).map(
    ([name, value]) => html`<span class="tag">${name}: ${value}</span> `,
  );
  return html`<tr><td class="soft">${at}</td><td>${topic}<br>${tags}</td><td><strong>${subject}</strong><pre>${pretty(message)}</pre></td></tr>`;
}

function pretty(message: string): string {
  try {
    return JSON.stringify(JSON.parse(message), null, 2);
  } catch {
    return message;
  }
}
