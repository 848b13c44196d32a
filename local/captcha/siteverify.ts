import type { IncomingMessage, ServerResponse } from 'node:http';

export const siteverifyPath = '/_captcha/siteverify';
/** What Secrets Manager holds for the CAPTCHA provider on this machine. */
export const localCaptchaSecret = 'local-captcha-secret';
/** The one answer that counts as solved, as nobody is shown a puzzle here. */
export const localCaptchaToken = 'local-captcha-ok';

/** A CAPTCHA provider by the siteverify protocol: POST a form of secret and response, answered by `{success}`. */
export async function serveSiteverify(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
  const errors = [
    ...(form.get('secret') === localCaptchaSecret ? [] : ['invalid-input-secret']),
    ...(form.get('response') === localCaptchaToken ? [] : ['invalid-input-response']),
  ];
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ success: errors.length === 0, 'error-codes': errors }));
}
