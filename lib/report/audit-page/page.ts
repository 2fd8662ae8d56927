import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type {
  AuditedControl,
  AuditedFact,
  AuditedRequirement,
  AuditedTemplate,
  Evidence,
  RequirementState,
  Spot,
} from '../../evidence/evidence.ts';
import type { LiveStack } from '../../evidence/live.ts';
import { fileInProject } from '../../project.ts';
import { type Html, html, raw } from '../html.ts';
import { countStates } from '../verification.ts';

type Verdict = AuditedFact['verdict'];

const VERDICTS: Readonly<Record<Verdict, string>> = {
  never: 'holds in no configuration',
  fails: 'fails in some configuration',
  'not-evaluated': 'could not be evaluated',
  depends: 'turns on what is not known before deployment',
  waived: 'does not hold, and is waived',
  proven: 'holds in every configuration in which the resource exists',
  unreachable: 'the resource can never exist',
};
const WORST = Object.keys(VERDICTS) as Verdict[];
const IN_TILES: readonly Verdict[] = ['proven', 'fails', 'never', 'depends', 'not-evaluated', 'waived', 'unreachable'];

const STATES: Readonly<Record<RequirementState, string>> = {
  failing: 'a control fails',
  open: 'something is not known',
  waived: 'supported, with waivers',
  supported: 'supported',
  'no-resource': 'no such resource here',
  'not-from-template': 'needs a deployed stack',
};

/** Diagrams by template, as SVG. */
export type Diagrams = Readonly<Record<string, string>>;

/** One page that asks nothing of any network: what was checked, what is proven, what is not and why, down to the line. */
export function auditPage(evidence: Evidence, diagrams: Diagrams): string {
  const script = readFileSync(fileInProject('lib/report/audit-page/page.js'), 'utf8');
  const hash = createHash('sha256').update(script).digest('base64');
  const view = viewOf(evidence);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'">
<title>${title(evidence)}</title>
<style>${raw(readFileSync(fileInProject('lib/report/audit-page/page.css'), 'utf8'))}</style>
</head>
<body>
<a class="skip" href="#summary">Skip to the summary</a>
<header>
<h1>${title(evidence)}</h1>
<p>plainform ${evidence.tool.version}, ${evidence.date}. Checked against ${listed(evidence.frameworks.map(({ name, version }) => `${name} (${version})`))}.</p>
</header>
<nav aria-label="Sections">
${SECTIONS.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}
</nav>
<main>
${summary(view)}
${requirements(view)}
${controls(view)}
${templates(view, diagrams)}
${waiversAndGaps(view)}
${reading(view)}
</main>
<script>${raw(script)}</script>
</body>
</html>
`;
  return page.html;
}

const SECTIONS = [
  ['summary', 'Summary'],
  ['requirements', 'Requirements'],
  ['controls', 'Controls'],
  ['templates', 'Templates'],
  ['gaps', 'Waivers and gaps'],
  ['reading', 'How to read this'],
] as const;

interface View {
  readonly evidence: Evidence;
  readonly facts: readonly AuditedFact[];
  /** Anchor of a fact's row. */
  readonly anchors: ReadonlyMap<AuditedFact, string>;
  readonly hasLive: boolean;
}

function viewOf(evidence: Evidence): View {
  const facts = evidence.controls.flatMap((control) => control.facts);
  const anchors = new Map(facts.map((fact, index) => [fact, `fact-${index + 1}`]));
  return { evidence, facts, anchors, hasLive: evidence.templates.some(({ stack }) => stack) };
}

function title({ templates }: Evidence): string {
  return `Evidence: ${templates.length === 1 ? templates[0]!.name : `${templates.length} templates`}`;
}

// ---- summary

function summary({ evidence, facts, anchors }: View): Html {
  const { templates: all, frameworks, requirements: mapped } = evidence;
  const resources = all.reduce((sum, { resources: own }) => sum + own.length, 0);
  const asked = evidence.controls.filter(({ judged }) => judged === 'template').length;
  const unproven = WORST.flatMap((verdict) =>
    verdict === 'proven' || verdict === 'unreachable' ? [] : facts.filter((fact) => fact.verdict === verdict),
  );
  return html`<section id="summary" aria-labelledby="summary-title">
<h2 id="summary-title">Summary</h2>
<p>${asked} controls were asked of ${counted(resources, 'resource')} in ${counted(all.length, 'template')}, each over every configuration that CloudFormation accepts: every combination of parameters and conditions, and not the defaults only.</p>
<p class="notice">A template shows how something is designed, not how it is operated. What is proven here <em>supports</em> a requirement; whether the requirement is met is for the auditor to say.</p>
<ul class="tiles">
${IN_TILES.map((verdict) => {
  const count = facts.filter((fact) => fact.verdict === verdict).length;
  return html`<li class="${count > 0 && verdict}"><b>${count}</b> <span>${word(verdict)}</span> <small>${VERDICTS[verdict]}</small></li>`;
})}
</ul>
<h3>What was checked</h3>
<div class="scroll" tabindex="0" role="group" aria-label="Templates"><table>
<thead><tr><th>Template</th><th class="n">Resources</th><th class="n">Parameters</th><th class="n">Conditions</th><th class="n">Configurations</th><th>Verdicts</th><th>Validity</th><th>SHA-256</th></tr></thead>
<tbody>${all.map(
    (template, index) => html`<tr>
<th scope="row"><a href="#template-${index + 1}">${template.name}</a></th>
<td class="n">${template.resources.length}</td><td class="n">${template.parameters}</td><td class="n">${template.conditions}</td>
<td class="n">${configurations(template)}</td>
<td>${tally(facts.filter((fact) => fact.template === template.name))}</td>
<td>${validity(template)}</td>
<td><code class="hash">${template.sha256}</code></td></tr>
`,
  )}</tbody></table></div>
<p><small>Configurations are classes of deployments that the conditions tell apart: those that can be reached, of those that can be written down.</small></p>
<h3>What is not proven, and why</h3>
${
  unproven.length === 0
    ? html`<p>Nothing: every control that applies is proven for every resource that it is about.</p>`
    : html`<div class="scroll" tabindex="0" role="group" aria-label="What is not proven"><table class="unproven">
<thead><tr><th>Verdict</th><th>Control</th><th>Resource</th><th>Why</th><th>Line</th></tr></thead>
<tbody>${unproven.map(
        (fact) => html`<tr><td>${badge(fact.verdict)}</td>
<th scope="row"><a href="#${anchors.get(fact)}">${fact.control}</a></th><td>${fact.resource}</td><td>${why(fact)}</td>
<td>${lineLink(evidence, fact, fact.at)}</td></tr>
`,
      )}</tbody></table></div>`
}
<h3>Requirements by framework</h3>
<div class="scroll" tabindex="0" role="group" aria-label="Requirements by framework"><table>
<thead><tr><th>Framework</th>${Object.values(STATES).map((text) => html`<th class="n">${text}</th>`)}<th class="n">Together</th></tr></thead>
<tbody>${frameworks.map(({ id, name, version }) => {
    const own = mapped.filter(({ framework }) => framework === id);
    return html`<tr><th scope="row"><a href="#framework-${id}">${name}</a> <small>${version}</small></th>
${Object.keys(STATES).map((state) => html`<td class="n">${own.filter((each) => each.state === state).length}</td>`)}<td class="n">${own.length}</td></tr>
`;
  })}</tbody></table></div>
<p><small>Only requirements that a control of the catalogue is mapped to are listed: plainform carries no text of the frameworks, and says nothing of the others.</small></p>
</section>`;
}

function configurations({ scenarios: { total, reachable } }: AuditedTemplate): string {
  const grouped = (count: string) => (/^\d+$/.test(count) ? BigInt(count).toLocaleString('en') : count);
  return total === reachable ? grouped(reachable) : `${grouped(reachable)} of ${grouped(total)}`;
}

function validity({ findings }: AuditedTemplate): Html | string {
  const count = (severity: string) => findings.filter((finding) => finding.severity === severity).length;
  const parts = (['error', 'warning', 'info'] as const).flatMap((severity) =>
    count(severity) > 0 ? [counted(count(severity), severity)] : [],
  );
  return parts.length === 0 ? 'no findings' : html`<b>${parts.join(', ')}</b>`;
}

function why({ message, counterexample, waiver, settledBy }: AuditedFact): Html {
  const values = Object.entries(counterexample ?? {});
  const when = values.map(([name, value], index) => html`${index > 0 && ' and '}<code>${name}=${value}</code>`);
  return html`${message}${settledBy !== undefined && html`; settled by ${settledBy}`}${
    counterexample && (values.length > 0 ? html`, when ${when}` : ', with the defaults')
  }${waiver && html`. <b>Waived</b> until ${waiver.expires} by ${waiver.owner}: ${waiver.reason}`}`;
}

// ---- requirements

function requirements({ evidence }: View): Html {
  const byId = new Map(evidence.controls.map((control) => [control.id, control]));
  return html`<section id="requirements" aria-labelledby="requirements-title">
<h2 id="requirements-title">Requirements</h2>
<p>Each requirement with the controls that support it; a control opens its resources, and each resource its line of the template. A dashed frame: the mapping is inferred, read it as a hint.</p>
<form class="filters" data-filters="requirement" hidden>
<label>Framework <select name="framework"><option value="">all</option>${evidence.frameworks.map(({ id, name }) => html`<option value="${id}">${name}</option>`)}</select></label>
<label>State <select name="state"><option value="">all</option>${Object.entries(STATES).map(([state, text]) => html`<option value="${state}">${text}</option>`)}</select></label>
<label>Service <select name="service"><option value="">all</option>${services(evidence).map((service) => html`<option>${service}</option>`)}</select></label>
<label>Search <input type="search" name="text" placeholder="10.3.2, S3.8 …"></label>
<button type="reset">Show all</button>
<output aria-live="polite"></output>
</form>
${evidence.frameworks.map(({ id, name, version }) => {
  const own = evidence.requirements.filter(({ framework }) => framework === id);
  return html`<div class="group"><h3 id="framework-${id}">${name} <small>${version}, ${counted(own.length, 'requirement')}</small></h3>
<div class="scroll" tabindex="0" role="group" aria-label="${name}"><table class="requirements">
<thead><tr><th>Requirement</th><th>State</th><th>Controls</th></tr></thead>
<tbody>${own.map((requirement) => requirementRow(requirement, byId))}</tbody></table></div></div>
`;
})}
</section>`;
}

function requirementRow(
  { framework, id, state, inferred, controls: own }: AuditedRequirement,
  byId: ReadonlyMap<string, AuditedControl>,
): Html {
  const words = own.map((control) => control.id);
  const about = [...new Set(words.map(serviceOf))];
  return html`<tr id="${requirementAnchor(framework, id)}" data-requirement data-framework="${framework}" data-state="${state}" data-service="${about.join(' ')}" data-text="${[id, ...words].join(' ').toLowerCase()}">
<th scope="row">${id}</th><td><span class="badge ${state}${inferred && ' inferred'}">${STATES[state]}${inferred && ', mapping inferred'}</span></td><td class="chips">${own.map(({ id: control, source }) => controlChip(byId.get(control)!, source))}</td></tr>
`;
}

function controlChip(control: AuditedControl, source: string): Html {
  const worst = WORST.find((verdict) => control.facts.some((fact) => fact.verdict === verdict)) ?? 'none';
  const state =
    worst === 'none' ? (control.judged === 'template' ? 'no resource' : 'not from a template') : word(worst);
  const hint = source === 'inferred' ? ', mapping inferred' : '';
  return html`<a class="chip ${worst}${source === 'inferred' && ' inferred'}" href="#control-${control.id}" title="${control.title}: ${state}${hint}">${control.id}<span class="sr"> ${state}${hint}</span></a> `;
}

// ---- controls

function controls(view: View): Html {
  const { evidence } = view;
  return html`<section id="controls" aria-labelledby="controls-title">
<h2 id="controls-title">Controls and resources</h2>
<p class="print-only"><small>Controls without a verdict are left out in print.</small></p>
<form class="filters" data-filters="control" hidden>
<label>Framework <select name="framework"><option value="">all</option>${evidence.frameworks.map(({ id, name }) => html`<option value="${id}">${name}</option>`)}</select></label>
<label>Verdict <select name="verdict"><option value="">all</option>${WORST.map((verdict) => html`<option value="${verdict}">${word(verdict)}</option>`)}<option value="none">no verdict</option></select></label>
<label>Service <select name="service"><option value="">all</option>${services(evidence).map((service) => html`<option>${service}</option>`)}</select></label>
<label>Search <input type="search" name="text" placeholder="Bucket, encrypted, RDS.3 …"></label>
<button type="reset">Show all</button>
<button type="button" data-toggle>Open all</button>
<output aria-live="polite"></output>
</form>
${services(evidence).map((service) => {
  const own = evidence.controls.filter(({ id }) => serviceOf(id) === service);
  return html`<div class="group"><h3>${service}</h3>${own.map((control) => controlDetails(control, view))}</div>
`;
})}
</section>`;
}

function controlDetails(control: AuditedControl, view: View): Html {
  const { id, facts, supports, configRule, note, judged, severity } = control;
  const { evidence, anchors, hasLive } = view;
  const verdicts = WORST.filter((verdict) => facts.some((fact) => fact.verdict === verdict));
  const text = [id, control.title, ...facts.flatMap(({ resource, type }) => [resource, type])].join(' ').toLowerCase();
  return html`<details data-control data-framework="${Object.keys(supports).join(' ')}" data-verdict="${verdicts.join(' ') || 'none'}" data-service="${serviceOf(id)}" data-text="${text}">
<summary><b>${id}</b> <span>${control.title}</span> <small>${severity}</small> <span class="tally">${facts.length > 0 ? tally(facts) : WITHOUT[judged]}</span></summary>
<div id="control-${id}" class="control" tabindex="-1">
${note !== undefined && html`<p>${note}</p>`}
${
  facts.length > 0
    ? html`<div class="scroll" tabindex="0" role="group" aria-label="${id} by resource"><table>
<thead><tr><th>Resource</th><th>Verdict</th><th class="n">Configurations</th><th>Rests on</th>${hasLive && html`<th>Deployed</th>`}<th>Why</th></tr></thead>
<tbody>${facts.map((fact) => factRow(fact, anchors.get(fact)!, evidence, hasLive))}</tbody></table></div>`
    : html`<p>${WITHOUT_LONG[judged]}</p>`
}
${asDeployed(id, evidence)}
<p><small>${configRule === undefined ? 'AWS Config has no managed rule for it.' : html`AWS Config watches it with <code>${configRule}</code>.`} About ${listed(control.resourceTypes)}.</small></p>
${Object.entries(supports).map(([framework, ids]) => {
  const { name } = evidence.frameworks.find((each) => each.id === framework)!;
  return html`<p class="supports"><small>Supports ${name}:</small> ${Object.entries(ids).map(([requirement, source]) => html`<a class="chip plain${source === 'inferred' && ' inferred'}" href="#${requirementAnchor(framework, requirement)}">${requirement}${source === 'inferred' && html`<span class="sr"> (mapping inferred)</span>`}</a> `)}</p>
`;
})}
</div></details>
`;
}

/** Of what is deployed, for a control that no template shows. */
function asDeployed(id: string, { templates: all }: Evidence): Html | undefined {
  const found = all.flatMap(({ stack }) =>
    (stack?.controls ?? []).filter(({ control }) => control === id).map((fact) => ({ ...fact, stack: stack! })),
  );
  if (found.length === 0) return undefined;
  return html`<ul>${found.map(({ subject, verdict, message, stack }) => html`<li>${stack.stackName}: <code>${subject}</code> ${verdict}: ${message}</li>`)}</ul>`;
}

const WITHOUT = { template: 'no resource', deployed: 'needs a deployed stack', 'not-yet': 'not judged yet' } as const;
const WITHOUT_LONG = {
  template: 'The templates have no resource that this control is about.',
  deployed: 'No template shows it: it needs a deployed stack.',
  'not-yet': 'It is listed, and nobody has written how to judge it.',
} as const;

function factRow(fact: AuditedFact, anchor: string, evidence: Evidence, hasLive: boolean): Html {
  const { resource, type, verdict, checked, failed, counted: isCounted, live } = fact;
  const spots = verdict === 'proven' && fact.evidence.length > 0 ? fact.evidence : [fact.at];
  const absent = verdict === 'proven' && fact.evidence.length === 0;
  return html`<tr id="${anchor}" data-fact="${verdict}"><th scope="row">${resource} <small>${type}</small></th><td>${badge(verdict)}</td>
<td class="n">${failed > 0 ? `${failed} of ${checked}` : checked}${!isCounted && html` <small>(not all counted)</small>`}</td>
<td>${spots.map((spot) => html`<div>${lineLink(evidence, fact, spot)}${absent && html` <small>what is not there</small>`}</div>`)}</td>
${hasLive && html`<td>${live && html`<span class="badge live-${live.state}">${LIVE[live.state]}</span> <small>${live.message}</small>`}</td>`}<td>${why(fact)}</td></tr>
`;
}

const LIVE: Readonly<Record<string, string>> = {
  matches: 'as written',
  differs: 'differs',
  unknown: 'unknown',
  recorded: 'on paper only',
  emulator: "the emulator's own",
  'not-read': 'not read',
};

// ---- templates

function templates(view: View, diagrams: Diagrams): Html {
  return html`<section id="templates" aria-labelledby="templates-title">
<h2 id="templates-title">Templates</h2>
${view.evidence.templates.map((template, index) => templateDetails(template, index + 1, view, diagrams[template.name]))}
</section>`;
}

function templateDetails(template: AuditedTemplate, number: number, view: View, diagram: string | undefined): Html {
  const { name, description, bytes, sha256, findings, notJudged, stack } = template;
  return html`<article aria-labelledby="template-${number}">
<h3 id="template-${number}">${name}</h3>
${description !== undefined && html`<p>${description}</p>`}
<p><small>${counted(template.resources.length, 'resource')}, ${bytes.toLocaleString('en')} bytes, SHA-256 <code class="hash">${sha256}</code>, <a href="templates/${encodeURI(name)}">the file</a></small></p>
${notJudged.map((part) => html`<p>Not judged: ${part}.</p>`)}
${
  findings.length > 0 &&
  html`<ul class="findings">${findings.map(({ code, severity, message, line, fix }) => html`<li><b>${severity} ${code}</b>${line !== undefined && html`, <a href="#t${number}-L${line}">line ${line}</a>`}: ${message}${fix !== undefined && html` <small>(${fix})</small>`}</li>`)}</ul>`
}
${stack && deployed(stack)}
${
  diagram !== undefined &&
  html`<details class="diagram" data-template="${number}" open><summary>Architecture</summary><figure tabindex="0" role="group" aria-label="Architecture of ${name}">${raw(diagram)}</figure></details>`
}
<details class="source"${view.evidence.templates.length === 1 && raw(' open')}><summary>${name}, line by line</summary>
<p class="print-only"><small>Lines on which no verdict rests are left out in print.</small></p>
${code(template, number, view)}
</details>
</article>
`;
}

function deployed({ stackName, region, target, read, checks, controls: own }: LiveStack): Html {
  const of = (kind: string) => checks.filter((check) => check.kind === kind);
  const differing = checks.filter(({ state }) => state === 'differs');
  const compliance = checks.filter(({ kind, type }) => kind === 'state' && type === 'AWS::Config::ConfigRule');
  return html`<div class="live">
<h4>As deployed: ${stackName} in ${region}</h4>
<p>Read from ${target === 'aws' ? 'AWS' : 'the embedded emulator, which is an engine check and not AWS'} at ${read} through the AWS SDK. Settings: ${countStates(of('setting'))}. Drift that CloudFormation reports: ${countStates(of('drift'))}.</p>
${differing.length > 0 && html`<ul>${differing.map(({ subject, message }) => html`<li><b>${subject}</b> differs: ${message}</li>`)}</ul>`}
${compliance.length > 0 && html`<details><summary>What AWS Config reports of ${counted(compliance.length, 'rule')}</summary><ul>${compliance.map(({ resource, message }) => html`<li>${resource}: ${message}</li>`)}</ul></details>`}
${own && own.length > 0 && html`<details><summary>${counted(own.length, 'answer')} on controls that only a deployed stack shows</summary><ul>${own.map(({ control, subject, verdict, message }) => html`<li><a href="#control-${control}">${control}</a> <code>${subject}</code> ${verdict}: ${message}</li>`)}</ul></details>`}
</div>`;
}

const CHUNK = 60;

/** The template as it is, comments and all; beside a line the controls that rest on it, which lead back. */
function code({ name, text, resources }: AuditedTemplate, number: number, { facts, anchors }: View): Html {
  const marks = new Map<number, AuditedFact[]>();
  for (const fact of facts.filter((each) => each.template === name)) {
    const spots = fact.verdict === 'proven' && fact.evidence.length > 0 ? fact.evidence : [fact.at];
    for (const line of new Set(spots.map((spot) => spot.line))) marks.set(line, [...(marks.get(line) ?? []), fact]);
  }
  const starts = new Map(resources.map(({ id, line }) => [line, id]));
  const lines = text.replace(/\r\n?/g, '\n').replace(/\n$/, '').split('\n');
  const chunks = Array.from({ length: Math.ceil(lines.length / CHUNK) }, (_, index) => index * CHUNK);
  return html`<div class="code" tabindex="0" role="group" aria-label="${name}, line by line">${chunks.map(
    (from) =>
      html`<div class="chunk">${lines.slice(from, from + CHUNK).map((line, index) => {
        const lineNumber = from + index + 1;
        const own = marks.get(lineNumber);
        return html`<div class="line${own && ' marked'}" id="t${number}-L${lineNumber}"${starts.has(lineNumber) && html` data-of="${starts.get(lineNumber)}"`}><a class="no" href="#t${number}-L${lineNumber}" tabindex="-1" aria-hidden="true">${lineNumber}</a><code>${coloured(line)}</code>${own && html`<span class="marks">${own.map((fact) => html`<a class="chip ${fact.verdict}" href="#${anchors.get(fact)}" title="${fact.control} ${fact.resource}: ${word(fact.verdict)}">${fact.control}</a> `)}</span>`}</div>`;
      })}</div>`,
  )}</div>`;
}

/** Comments and keys stand out. A guess of the eye, no reading of YAML. */
function coloured(line: string): Html {
  const comment = /^\s*#.*$|\s#\s.*$/.exec(line);
  const rest = comment ? line.slice(0, comment.index) : line;
  const key = /^(\s*(?:- )?)([\w:.'"-]+?)(:)(?=\s|$)/.exec(rest);
  return html`${key ? html`${key[1]}<b>${key[2]}</b>${rest.slice(key[1]!.length + key[2]!.length)}` : rest}${comment !== null && html`<i>${comment[0]}</i>`}`;
}

// ---- waivers, gaps, reading

function waiversAndGaps({ evidence, facts, anchors }: View): Html {
  const waived = facts.filter(({ waiver }) => waiver);
  const gaps = evidence.requirements.filter(({ state }) => state === 'not-from-template' || state === 'no-resource');
  const pending = evidence.controls.filter(({ judged }) => judged === 'not-yet');
  const uncovered = Object.entries(evidence.withoutControl).sort(([a], [b]) => (a < b ? -1 : 1));
  const nameOf = new Map(evidence.frameworks.map(({ id, name }) => [id, name]));
  return html`<section id="gaps" aria-labelledby="gaps-title">
<h2 id="gaps-title">Waivers and gaps</h2>
<h3>Waivers</h3>
${
  waived.length === 0
    ? html`<p>None.</p>`
    : html`<div class="scroll" tabindex="0" role="group" aria-label="Waivers"><table><thead><tr><th>Control</th><th>Resource</th><th>Template</th><th>Until</th><th>Owner</th><th>Reason</th></tr></thead>
<tbody>${waived.map(
        (
          fact,
        ) => html`<tr><th scope="row"><a href="#${anchors.get(fact)}">${fact.control}</a></th><td>${fact.resource}</td><td>${fact.template}</td><td class="day">${fact.waiver!.expires}</td><td>${fact.waiver!.owner}</td><td>${fact.waiver!.reason}</td></tr>
`,
      )}</tbody></table></div>`
}
<h3>Requirements that these templates cannot support</h3>
<p>${counted(gaps.length, 'requirement')}: ${gaps.filter(({ state }) => state === 'not-from-template').length} need a deployed stack or a control that nobody has written; ${gaps.filter(({ state }) => state === 'no-resource').length} are about resources that are not here.</p>
${evidence.frameworks.map(({ id }) => {
  const own = gaps.filter(({ framework }) => framework === id);
  return (
    own.length > 0 &&
    html`<details><summary>${nameOf.get(id)}: ${own.length}</summary><p class="chips">${own.map((gap) => html`<a class="chip plain" href="#${requirementAnchor(id, gap.id)}" title="${STATES[gap.state]}">${gap.id}</a> `)}</p></details>
`
  );
})}
<h3>Resources that no control is about</h3>
${uncovered.length === 0 ? html`<p>None.</p>` : html`<p class="types">${uncovered.map(([type, count]) => html`<span><code>${type}</code> ${count}</span> `)}</p>`}
<h3>Controls that nobody has written yet</h3>
${pending.length === 0 ? html`<p>None.</p>` : html`<ul>${pending.map(({ id, title: name }) => html`<li><a href="#control-${id}">${id}</a> ${name}</li>`)}</ul>`}
</section>`;
}

function reading({ evidence }: View): Html {
  return html`<section id="reading" aria-labelledby="reading-title">
<h2 id="reading-title">How to read this</h2>
<dl>${WORST.toReversed().map((verdict) => html`<dt>${badge(verdict)}</dt><dd>${VERDICTS[verdict]}.</dd>`)}</dl>
<p>Configurations are counted per control and resource: the classes of deployments that this verdict can tell apart. A counterexample names only the parameters that must differ from their defaults.</p>
<h3>Where the mappings come from</h3>
<dl>${Object.entries(evidence.sources).map(([source, text]) => html`<dt>${source}</dt><dd>${text}.</dd>`)}</dl>
<h3>The files beside this page</h3>
<ul>
<li><a href="matrix.csv">matrix.csv</a>: the control matrix, for a spreadsheet</li>
<li><a href="evidence.json">evidence.json</a>: all of this, for a program</li>
<li><a href="assessment-results.json">assessment-results.json</a>: OSCAL assessment results, observations only</li>
<li><a href="manifest.json">manifest.json</a>: the SHA-256 of every file</li>
${evidence.documents.map(({ name, title: of }) => html`<li><a href="documents/${encodeURI(name)}">${of}</a></li>`)}
</ul>
<p>To see that nothing was changed, and that the verdicts are those of the templates: <code>plainform audit --verify .</code> in the folder of this page. It needs no network.</p>
</section>`;
}

// ---- words

function badge(verdict: Verdict): Html {
  return html`<span class="badge ${verdict}">${word(verdict)}</span>`;
}

function word(verdict: Verdict): string {
  return verdict === 'not-evaluated' ? 'not evaluated' : verdict;
}

function tally(facts: readonly AuditedFact[]): Html {
  const counts = WORST.toReversed().map(
    (verdict) => [verdict, facts.filter((fact) => fact.verdict === verdict).length] as const,
  );
  return html`${counts.filter(([, count]) => count > 0).map(([verdict, count]) => html`<span class="badge ${verdict}">${count} ${word(verdict)}</span> `)}`;
}

function lineLink({ templates: all }: Evidence, { template, resource }: AuditedFact, { path, line }: Spot): Html {
  const number = all.findIndex(({ name }) => name === template) + 1;
  const own = `Resources.${resource}`;
  const short = path.startsWith(own)
    ? path.slice(own.length).replace(/^\.(Properties\.?)?/, '')
    : path.replace(/^Resources\./, '');
  const shown = short.replace(/\.Fn::If\.([12])/g, (_, branch) => (branch === '1' ? ' (if true)' : ' (if false)'));
  return html`<a href="#t${number}-L${line}">${all.length > 1 ? `${template}:${line}` : `line ${line}`}</a> <small>${shown}</small>`;
}

function services({ controls: all }: Evidence): string[] {
  return [...new Set(all.map(({ id }) => serviceOf(id)))];
}

/** `S3` of `S3.8` and of `PF.S3.ownership`. */
function serviceOf(id: string): string {
  const [first, second] = id.split('.');
  return first === 'PF' ? second! : first!;
}

/** An anchor without spaces: CIS has IDs with some. */
function requirementAnchor(framework: string, id: string): string {
  return `requirement-${framework}-${id.replaceAll(/[^\w.()-]/g, '_')}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
