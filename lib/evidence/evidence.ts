import { createHash } from 'node:crypto';
import { CfnError, type Finding } from '../cfn/errors.ts';
import { parseTemplate, type TemplateDocument } from '../cfn/read.ts';
import { isObject, type Path } from '../cfn/template.ts';
import { type CatalogueEntry, readCatalogue } from '../check/catalogue.ts';
import { checkControls, type LocatedFact } from '../check/check-controls.ts';
import { checkTemplate } from '../check/check-template.ts';
import { controlsOfFrameworks, type MappingSource, readFrameworks } from '../check/frameworks.ts';
import type { Waiver } from '../controls/waivers.ts';
import { entriesOf } from '../scenarios/entries.ts';
import { type LiveFact, type LiveStack, liveFact } from './live.ts';

/** All that an audit turns on: the same input gives the same evidence, on any machine and any day. */
export interface AuditInput {
  /** Names are paths relative to a folder that holds them all. */
  readonly templates: readonly { readonly name: string; readonly text: string }[];
  readonly waivers: readonly AuditWaiver[];
  /** `2026-11-21`: waivers that end before it have expired. */
  readonly date: string;
  /** Only what supports these; all of them where it is left out. */
  readonly frameworks?: readonly string[];
  /** What was read of the stacks made from these templates. */
  readonly live?: readonly LiveStack[];
  /** Runbooks and the like, that the evidence is read beside. */
  readonly documents: readonly AuditDocument[];
}

/** What the verdicts are made with. */
export interface Tool {
  readonly name: 'plainform';
  readonly version: string;
  /** SHA-256 of the catalogue of controls and of what they support. */
  readonly catalogue: string;
}

/** A waiver that stands outside the template. */
export interface AuditWaiver extends Omit<Waiver, 'file' | 'path'> {
  readonly template: string;
}

export interface AuditDocument {
  readonly name: string;
  readonly title: string;
  readonly text: string;
}

export interface AuditedTemplate {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly text: string;
  readonly description?: string;
  readonly resources: readonly AuditedResource[];
  readonly parameters: number;
  readonly conditions: number;
  readonly scenarios: { readonly total: string; readonly reachable: string };
  readonly findings: readonly Finding[];
  /** What nothing here can judge, such as what macros add. */
  readonly notJudged: readonly string[];
  readonly stack?: LiveStack;
}

export interface AuditedResource {
  readonly id: string;
  readonly type: string;
  readonly line: number;
  readonly condition?: string;
}

export interface Spot {
  /** `Resources.Bucket.Properties.AccessControl` */
  readonly path: string;
  readonly line: number;
}

/** A verdict with its place, the values on which it rests, and what was found live. */
export interface AuditedFact {
  readonly template: string;
  readonly control: string;
  readonly resource: string;
  readonly type: string;
  readonly verdict: LocatedFact['verdict'];
  readonly checked: number;
  readonly failed: number;
  /** `false`: `checked` and `failed` are of a part of the configurations. */
  readonly counted: boolean;
  readonly message: string;
  readonly at: Spot;
  readonly evidence: readonly Spot[];
  readonly counterexample?: Readonly<Record<string, string>>;
  readonly settledBy?: string;
  readonly waiver?: { readonly reason: string; readonly owner: string; readonly expires: string };
  readonly live?: LiveFact;
}

export interface AuditedControl extends CatalogueEntry {
  readonly id: string;
  /** By framework, requirement by requirement, where the mapping is from. */
  readonly supports: Readonly<Record<string, Readonly<Record<string, MappingSource>>>>;
  readonly facts: readonly AuditedFact[];
}

/**
 * What the template says of a requirement, through the controls that support it:
 * - `supported`: each that applies is proven for each resource
 * - `waived`: so, except for what is waived
 * - `open`: something turns on what is not known before deployment
 * - `failing`: something fails, in some configurations or in all
 * - `no-resource`: its controls are about resources that the templates do not have
 * - `not-from-template`: its controls need a deployed stack, or nobody has written them yet
 */
export type RequirementState = 'supported' | 'waived' | 'open' | 'failing' | 'no-resource' | 'not-from-template';

export interface AuditedRequirement {
  readonly framework: string;
  readonly id: string;
  readonly state: RequirementState;
  /** The state rests on controls whose mapping is inferred, and on no others: read it as a hint. */
  readonly inferred: boolean;
  readonly controls: readonly { readonly id: string; readonly source: MappingSource }[];
}

export interface Evidence {
  readonly tool: Tool;
  readonly date: string;
  readonly frameworks: readonly { readonly id: string; readonly name: string; readonly version: string }[];
  readonly sources: Readonly<Record<MappingSource, string>>;
  readonly templates: readonly AuditedTemplate[];
  readonly controls: readonly AuditedControl[];
  readonly requirements: readonly AuditedRequirement[];
  /** Types of resources that no control of the catalogue is about, with the number of those in the templates. */
  readonly withoutControl: Readonly<Record<string, number>>;
  readonly documents: readonly AuditDocument[];
}

/** Throws what parsing throws, and CFN1xx where the structure of a template leaves nothing to prove; of all templates at once. */
export function evidenceOf(input: AuditInput, tool: Tool): Evidence {
  const known = readFrameworks();
  const names = input.frameworks ?? Object.keys(known.frameworks);
  const only = input.frameworks && controlsOfFrameworks(input.frameworks);
  const judged = inAllTemplates(input, (template) => judge(template, input, only));
  const facts = judged.flatMap((one) => one.facts);
  const controls = Object.entries(readCatalogue())
    .filter(([id]) => !only || only.has(id))
    .map(([id, entry]): AuditedControl => {
      const supports = Object.fromEntries(
        names.flatMap((name) => {
          const mapped = supportsOf(known.controls[id]?.[name] ?? {});
          return Object.keys(mapped).length > 0 ? [[name, mapped]] : [];
        }),
      );
      return { id, ...entry, supports, facts: facts.filter(({ control }) => control === id) };
    });
  const types = new Set(Object.values(readCatalogue()).flatMap(({ resourceTypes }) => resourceTypes));
  const withoutControl: Record<string, number> = {};
  // What SAM or a loop makes of a resource may have controls although its own type has none.
  for (const { template, facts: own } of judged)
    for (const { id, type } of template.resources)
      if (!types.has(type) && !own.some(({ resource }) => resource === id))
        withoutControl[type] = (withoutControl[type] ?? 0) + 1;
  return {
    tool,
    date: input.date,
    frameworks: names.map((id) => ({ id, ...known.frameworks[id]! })),
    sources: known.sources,
    templates: judged.map(({ template }) => template),
    controls,
    requirements: requirementsOf(names, controls),
    withoutControl,
    documents: input.documents,
  };
}

/** A requirement that two sources name counts as of the better one. */
function supportsOf(
  mapped: Partial<Readonly<Record<MappingSource, readonly string[]>>>,
): Record<string, MappingSource> {
  const found: Record<string, MappingSource> = {};
  for (const source of ['inferred', 'gathered', 'securityhub'] as const)
    for (const requirement of mapped[source] ?? []) found[requirement] = source;
  return found;
}

interface Judged {
  readonly template: AuditedTemplate;
  readonly facts: readonly AuditedFact[];
}

function inAllTemplates(input: AuditInput, one: (template: AuditInput['templates'][number]) => Judged): Judged[] {
  const findings: Finding[] = [];
  const results = input.templates.flatMap((template) => {
    try {
      return [one(template)];
    } catch (error) {
      if (!(error instanceof CfnError)) throw error;
      findings.push(...error.findings);
      return [];
    }
  });
  if (findings.length > 0) throw new CfnError(findings, { exitCode: 2 });
  return results;
}

function judge(
  { name, text }: AuditInput['templates'][number],
  input: AuditInput,
  only: ReturnType<typeof controlsOfFrameworks> | undefined,
): Judged {
  const document = parseTemplate(text, name);
  const { findings, notJudged, conditions, scenarios } = checkTemplate(document);
  const broken = findings.filter(({ code, severity }) => severity === 'error' && /^CFN1(0|1)/.test(code));
  if (broken.length > 0) throw new CfnError(broken);
  const checked = checkControls(document, {
    today: input.date,
    waivers: input.waivers.filter(({ template }) => template === name).map((waiver) => ({ ...waiver, path: [] })),
    evidence: true,
    ...(only && { only }),
  });
  const stack = input.live?.find(({ template }) => template === name);
  const { Resources, Parameters, Description } = document.template;
  return {
    template: {
      name,
      sha256: sha256(text),
      bytes: Buffer.byteLength(text),
      text,
      ...(typeof Description === 'string' && { description: Description }),
      resources: entriesOf(Resources).map(([id, body]) => ({
        id,
        type: String(body.Type),
        line: document.locate(['Resources', id]).line,
        ...(typeof body.Condition === 'string' && { condition: body.Condition }),
      })),
      parameters: isObject(Parameters ?? {}) ? Object.keys(Parameters ?? {}).length : 0,
      conditions,
      scenarios,
      findings: [...findings, ...checked.findings],
      notJudged,
      ...(stack && { stack }),
    },
    facts: checked.facts.map((fact) => auditedFact(name, fact, document, stack)),
  };
}

function auditedFact(
  template: string,
  fact: LocatedFact,
  document: TemplateDocument,
  stack: LiveStack | undefined,
): AuditedFact {
  const { control, resource, type, verdict, checked, failed, counted, message, counterexample, settledBy, waiver } =
    fact;
  const spot = (path: Path): Spot => ({ path: path.join('.'), line: document.locate(path).line });
  const at = spot(fact.path);
  const evidence = few(fact.evidence ?? []).map(spot);
  return {
    template,
    control,
    resource,
    type,
    verdict,
    checked,
    failed,
    counted,
    message,
    at,
    evidence,
    ...(counterexample && { counterexample }),
    ...(settledBy !== undefined && { settledBy }),
    ...(waiver && { waiver: { reason: waiver.reason, owner: waiver.owner, expires: waiver.expires } }),
    ...(stack && { live: liveFact(stack, resource, verdict === 'proven' ? evidence : [at]) }),
  };
}

const MOST_SPOTS = 6;

/** The properties themselves; of many values, what they stand in. */
function few(paths: readonly Path[]): readonly Path[] {
  let left = paths;
  for (let depth = Math.max(0, ...left.map((path) => path.length)); left.length > MOST_SPOTS && depth > 4; depth--)
    left = [...new Map(left.map((path) => path.slice(0, depth - 1)).map((path) => [path.join('.'), path])).values()];
  return left;
}

function requirementsOf(names: readonly string[], controls: readonly AuditedControl[]): AuditedRequirement[] {
  return names.flatMap((framework) => {
    const ids = new Set(controls.flatMap(({ supports }) => Object.keys(supports[framework] ?? {})));
    return [...ids].sort(inNumericOrder).map((id) => {
      const own = controls.filter(({ supports }) => supports[framework]?.[id] !== undefined);
      const sourceOf = ({ supports }: AuditedControl) => supports[framework]![id]!;
      const judged = own.filter(({ facts }) => facts.length > 0);
      return {
        framework,
        id,
        state: stateOf(own),
        inferred: judged.length > 0 && judged.every((control) => sourceOf(control) === 'inferred'),
        controls: own.map((control) => ({ id: control.id, source: sourceOf(control) })),
      };
    });
  });
}

function stateOf(controls: readonly AuditedControl[]): RequirementState {
  const verdicts = new Set(controls.flatMap(({ facts }) => facts.map(({ verdict }) => verdict)));
  if (verdicts.has('fails') || verdicts.has('never')) return 'failing';
  if (verdicts.has('depends') || verdicts.has('not-evaluated')) return 'open';
  if (verdicts.has('waived')) return 'waived';
  if (verdicts.has('proven')) return 'supported';
  return controls.some(({ judged }) => judged === 'template') ? 'no-resource' : 'not-from-template';
}

const { compare: inNumericOrder } = new Intl.Collator('en', { numeric: true });

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
