import { type Finding, nearestMatch } from './errors.ts';
import { cycles, dependencies, type Reference, templateReferences } from './graph.ts';
import { PSEUDO_PARAMETERS } from './intrinsics.ts';
import type { Path, Template } from './template.ts';
import { type Transforms, transformsOf } from './transforms.ts';

/**
 * Names that lead nowhere and resources that wait for each other: CFN201 Ref, CFN202 GetAtt, CFN203 DependsOn, CFN204
 * Condition, CFN205 mapping, CFN206 cycle, CFN207 what is not known yet when conditions and rules are decided. Names that a
 * transform may add are not judged: those that SAM makes of a resource's own, all where a macro or an include may add any.
 *
 * @param complete `false` where loops of the template could not be unrolled: any name may come of them.
 */
export function checkReferences(template: Template, complete = true): Finding[] {
  const names = new Names(template, complete);
  const findings = templateReferences(template).flatMap((reference) => names.judge(reference));
  for (const members of cycles(dependencies(template, (reference) => isOwn(reference, template)))) {
    const chain = [...members, members[0]].join(' -> ');
    findings.push(
      finding(
        'CFN206',
        ['Resources', members[0]!],
        `${members.length === 1 ? `${members[0]} refers to itself` : `these resources wait for each other: ${chain}`}`,
        'break the cycle: split the resource that both need, or attach one side in a resource of its own',
      ),
    );
  }
  return findings;
}

/** Properties of which SAM makes resources that wait for the one they stand in, which then does not wait for what they name. */
const MADE_APART: Readonly<Record<string, readonly string[]>> = {
  'AWS::Serverless::Function': ['DeploymentPreference', 'EventInvokeConfig', 'Events', 'FunctionUrlConfig'],
  'AWS::Serverless::StateMachine': ['DeploymentPreference', 'Events'],
};

/** Where most is made apart, the properties that stay with the resource. */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  'AWS::Serverless::Api': ['Auth', 'DefinitionBody', 'Name', 'Tags'],
  'AWS::Serverless::HttpApi': ['Auth', 'DefinitionBody', 'Name', 'Tags'],
};

/** `false` for a reference that SAM moves to another resource than the one it stands in, as far as that is known. */
function isOwn({ path }: Reference, template: Template): boolean {
  const type = String(template.Resources[String(path[1])]?.Type);
  if (!type.startsWith('AWS::Serverless::') || path[2] !== 'Properties') return true;
  if (type === 'AWS::Serverless::SimpleTable' || type === 'AWS::Serverless::LayerVersion') return true;
  if (KEPT[type]) return KEPT[type].includes(String(path[3]));
  return MADE_APART[type] !== undefined && !MADE_APART[type].includes(String(path[3]));
}

class Names {
  readonly #parameters: Set<string>;
  readonly #resources: Set<string>;
  readonly #conditions: Set<string>;
  readonly #mappings: Set<string>;
  /** Resources inside a module are named after it: `NetworkVpc` for `Vpc` of the module `Network`. */
  readonly #modules: string[];
  /** SAM names what it makes after the resource it makes it of: `FunctionRole` of `Function`. */
  readonly #serverless: string[];
  readonly #transforms: Transforms;
  readonly #complete: boolean;

  constructor(template: Template, complete: boolean) {
    this.#transforms = transformsOf(template);
    this.#complete = complete;
    this.#parameters = new Set(Object.keys(template.Parameters ?? {}));
    this.#resources = new Set(Object.keys(template.Resources ?? {}));
    this.#conditions = new Set(Object.keys(template.Conditions ?? {}));
    this.#mappings = new Set(Object.keys(template.Mappings ?? {}));
    this.#serverless = Object.entries(template.Resources ?? {}).flatMap(([id, entry]) =>
      String(entry?.Type).startsWith('AWS::Serverless::') ? [id] : [],
    );
    this.#modules = Object.entries(template.Resources ?? {}).flatMap(([id, entry]) =>
      String(entry?.Type).endsWith('::MODULE') ? [id] : [],
    );
  }

  /** Whether a transform may make something of this name. */
  #isMade(target: string): boolean {
    if (this.#transforms.addsNames || !this.#complete) return true;
    if (this.#modules.some((module) => target.startsWith(module))) return true;
    return (
      this.#transforms.sam && (target.startsWith('Serverless') || this.#serverless.some((id) => target.startsWith(id)))
    );
  }

  judge({ kind, target, path }: Reference): Finding[] {
    if (target.includes('${')) return [];
    const early = path[0] === 'Conditions' || path[0] === 'Rules';
    if (
      early &&
      (kind === 'Ref' || kind === 'GetAtt') &&
      this.#resources.has(target) &&
      !this.#parameters.has(target)
    ) {
      const what = path[0] === 'Rules' ? 'rules' : 'conditions';
      const message = `${path.slice(1).join('.')} refers to the resource ${target}; ${what} are decided before there are resources`;
      return [finding('CFN207', path, message, 'refer to a parameter')];
    }
    switch (kind) {
      case 'Ref':
        if (this.#parameters.has(target) || this.#resources.has(target) || PSEUDO_PARAMETERS.includes(target))
          return [];
        if (!target.startsWith('AWS::') && this.#isMade(target)) return [];
        return this.#missing('CFN201', path, target, 'no parameter, resource or pseudo parameter', [
          ...this.#parameters,
          ...this.#resources,
          ...PSEUDO_PARAMETERS,
        ]);
      case 'GetAtt':
        if (this.#resources.has(target) || this.#isMade(target)) return [];
        return this.#missing('CFN202', path, target, 'no resource', this.#resources);
      case 'DependsOn':
        if (this.#resources.has(target) || this.#isMade(target)) return [];
        return this.#missing('CFN203', path, target, 'no resource', this.#resources);
      case 'Condition':
        if (this.#conditions.has(target) || this.#isMade(target)) return [];
        return this.#missing('CFN204', path, target, 'no condition', this.#conditions);
      case 'Mapping':
        if (this.#mappings.has(target) || this.#isMade(target)) return [];
        return this.#missing('CFN205', path, target, 'no mapping', this.#mappings);
    }
  }

  #missing(code: string, path: Path, target: string, what: string, candidates: Iterable<string>): Finding[] {
    const nearest = nearestMatch(target, candidates);
    return [
      finding(
        code,
        path,
        `${path.slice(1).join('.')} refers to ${target}; there is ${what} of that name${nearest ? `; did you mean ${nearest}?` : ''}`,
        nearest ? `write ${nearest}, or declare ${target}` : `declare ${target}, or remove the reference`,
      ),
    ];
  }
}

function finding(code: string, path: Path, message: string, fix: string): Finding {
  return { code, severity: 'error', path, message, fix };
}
