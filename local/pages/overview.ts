import { seededPassword, seededUsers } from '../seed/seed-users.ts';
import { html, page } from './html.ts';

export interface Overview {
  readonly api: string;
  readonly docs: string;
  readonly openapi: string;
  readonly console: string;
  readonly outbox: string;
  readonly outboxJson: string;
  readonly events: string;
  readonly auth0: string;
  readonly awsEndpoint: string;
  readonly dynamodbEndpoint: string;
}

const labels: Readonly<Record<keyof Overview, string>> = {
  api: 'HTTP API',
  docs: 'API docs',
  openapi: 'OpenAPI document',
  console: 'Checkout runs',
  outbox: 'Sent notifications',
  outboxJson: 'Sent notifications as JSON',
  events: 'Analytics events as JSON',
  auth0: 'Auth0-compatible tenant',
  awsEndpoint: 'SNS, Kinesis, SQS, Step Functions, Secrets Manager',
  dynamodbEndpoint: 'DynamoDB',
};

export function overviewJson(overview: Overview): object {
  return { service: 'storefront-backend', stage: 'local', ...overview, users: users() };
}

export function overviewPage(overview: Overview): string {
  const rows = Object.entries(overview).map(
    ([name, url]) => html`<tr><th>${label(name)}</th><td><a href="${url}">${url}</a></td></tr>`,
  );
  const people = users().map(
    ({ email, role, password }) =>
      html`<tr><td>${email}</td><td>${role}</td><td><code>${password}</code></td></tr>`,
  );
  return page(
    'Storefront, on this machine',
    html`<table>${rows}</table>
<h2>Users</h2><table><tr><th>E-mail</th><th>Role</th><th>Password</th></tr>${people}</table>
<h2>A first request</h2><pre>curl ${overview.api}/product?limit=3
curl -X POST ${overview.api}/user/login -H 'Content-Type: application/json' \\
  -d '{"email":"customer@example.com","password":"${seededPassword}"}'</pre>`,
  );
}

function label(name: string): string {
  return Object.entries(labels).find(([key]) => key === name)?.[1] ?? name;
}

function users(): { email: string; role: string; password: string }[] {
  return seededUsers.map(({ email, role }) => ({ email, role, password: seededPassword }));
}
