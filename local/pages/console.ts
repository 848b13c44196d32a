import type { ExecutionRecord } from '../step-functions/execution-record.ts';
import { type RunSummary, runSummary, type StateVisit, stateVisits } from './console-data.ts';
import { Html, html, page } from './html.ts';

const style = new Html(`<style>
.run { display: grid; grid-template-columns: minmax(12rem, 18rem) 1fr 5rem; gap: .2rem .8rem; align-items: center; }
.run details { grid-column: 1 / -1; margin: -.1rem 0 .3rem 1.4rem; } .run summary { font-size: 13px; color: var(--soft); }
.state::before { content: ''; display: inline-block; width: .7rem; height: .7rem; border-radius: 50%; margin-right: .6rem; background: var(--hue); }
.bar { position: relative; height: .8rem; border-radius: 4px; background: var(--line); } .bar i { position: absolute; inset-block: 0; border-radius: 4px; background: var(--hue); min-width: 3px; }
.succeeded, .SUCCEEDED { --hue: #2f9e62; } .running, .RUNNING { --hue: #2b7de0; } .caught { --hue: #d98a16; } .failed, .FAILED, .TIMED_OUT, .ABORTED { --hue: #d0413a; }
.status { color: var(--hue); font-weight: 600; } .ms { text-align: right; font-variant-numeric: tabular-nums; }
</style>`);

// Swaps in the newest state of the page, unless somebody is reading an open detail or has selected text.
const refresh = new Html(`<script>
setInterval(async () => {
  if (document.hidden || document.querySelector('#live details[open]') || String(getSelection())) return;
  const response = await fetch(location.href).catch(() => undefined);
  if (!response?.ok) return;
  const next = new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('#live');
  if (next) document.querySelector('#live').replaceWith(next);
}, 2000);
</script>`);

export function consolePage(records: readonly ExecutionRecord[]): string {
  const rows = records
    .toReversed()
    .slice(0, 200)
    .map(runSummary)
    .map(
      (run) => html`<tr><td><a href="/console/${encodeURIComponent(run.id)}">${run.id}</a></td>
<td class="status ${run.status}">${run.status}</td><td>${run.startedAt}</td><td>${duration(run)}</td><td>${run.transitions}</td></tr>`,
    );
  return page(
    'Checkout runs',
    html`${style}<div id="live">${
      rows.length === 0
        ? html`<p>No checkout has run yet. POST /order starts one.</p>`
        : html`<table><tr><th>Order</th><th>Status</th><th>Started</th><th>Took</th><th>Transitions</th></tr>${rows}</table>`
    }</div>${refresh}`,
  );
}

export function runPage(record: ExecutionRecord): string {
  const run = runSummary(record);
  const visits = stateVisits(record);
  const from = record.startedAt.getTime();
  const total = Math.max(1, (record.stoppedAt ?? new Date()).getTime() - from);
  const lines = visits.map((visit) => visitLine(visit, from, total));
  return page(
    `Checkout ${run.id}`,
    html`${style}<div id="live"><p><span class="status ${run.status}">${run.status}</span>
<span class="soft">· ${run.startedAt} · ${duration(run)} · ${run.transitions} transitions</span> ${run.error}</p>
<div class="run">${lines}</div>
<h2>Input</h2><pre>${pretty(record.input)}</pre>${
      record.output === undefined ? '' : html`<h2>Output</h2><pre>${pretty(record.output)}</pre>`
    }${record.cause ? html`<h2>Cause</h2><pre>${pretty(record.cause)}</pre>` : ''}</div>${refresh}`,
  );
}

function visitLine(visit: StateVisit, from: number, total: number): Html {
  const start = Date.parse(visit.enteredAt) - from;
  const end = visit.exitedAt ? Date.parse(visit.exitedAt) - from : total;
  const left = ((start / total) * 100).toFixed(2);
  const width = Math.max(0, ((end - start) / total) * 100).toFixed(2);
  const attempts = visit.attempts > 1 ? html` <span class="tag">${visit.attempts} attempts</span>` : html``;
  return html`<div class="state ${visit.outcome}">${visit.name} <span class="soft">${visit.type}</span>${attempts}</div>
<div class="bar ${visit.outcome}"><i style="left:${left}%;width:${width}%"></i></div><div class="ms">${end - start} ms</div>
<details><summary>${visit.outcome}${visit.error ? `, ${visit.error}` : ''}</summary>
<strong>Input</strong><pre>${pretty(visit.input)}</pre><strong>Output</strong><pre>${pretty(visit.output)}</pre></details>`;
}

function duration({ startedAt, stoppedAt }: RunSummary): string {
  return stoppedAt ? `${Date.parse(stoppedAt) - Date.parse(startedAt)} ms` : 'running';
}

function pretty(json: string | undefined): string {
  if (json === undefined) return '';
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
