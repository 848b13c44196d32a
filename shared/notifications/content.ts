import { inGsm } from './format-amount.ts';
import type { Channel } from './notification.ts';

/** What is sent, by channel. */
export interface Content {
  readonly email: { readonly subject: string; readonly text: string; readonly html: string };
  /** One text message: 160 characters of the GSM alphabet, or it is charged as several. */
  readonly sms: { readonly text: string };
  readonly push: { readonly title: string; readonly body: string };
}

/** What is known of the person who reads it. */
export interface Reader {
  /** Absent for a configured mailbox of the staff. */
  readonly name?: string;
}

/** What a text may speak of beside its facts. */
export interface Occasion {
  readonly orderId: string;
  readonly reader: Reader;
}

/** A mail before it is laid out: plain sentences, a paragraph each. */
export interface Mail {
  readonly subject: string;
  readonly paragraphs: readonly string[];
}

/** What a template answers, by channel. */
export interface Drafts {
  readonly email: Mail;
  readonly sms: string;
  readonly push: Content['push'];
}

const signature = 'Your storefront';

/** Lays a draft out. The one place where HTML is made, so nothing gets into it unescaped. */
export const layOut: { readonly [C in Channel]: (draft: Drafts[C], reader: Reader) => Content[C] } = {
  email({ subject, paragraphs }, { name }) {
    const all = [...(name === undefined ? [] : [`Hello ${name},`]), ...paragraphs, signature];
    const body = all.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`).join('\n');
    return {
      subject: oneLine(subject),
      text: `${all.map(oneLine).join('\n\n')}\n`,
      html: `<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>\n<body>\n${body}\n</body>\n</html>\n`,
    };
  },
  sms: (text) => ({ text: inGsm(oneLine(text)) }),
  push: ({ title, body }) => ({ title: oneLine(title), body: oneLine(body) }),
};

/** A subject with a line break in it could add header lines; a name with one could forge a paragraph. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

function escapeHtml(text: string): string {
  return oneLine(text).replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
