import { intrinsicOf } from '../cfn/intrinsics.ts';
import { isObject, type Json, type ParameterBody, type Path } from '../cfn/template.ts';
import { withDynamicReferences } from '../scenarios/dynamic.ts';
import { evaluate } from '../scenarios/evaluate.ts';
import type { TemplateScope } from '../scenarios/scope.ts';
import { compareResolved, type Dependency, isUnknown, type Resolved, type Unknown } from '../scenarios/unknown.ts';
import type { Variable } from '../scenarios/variables.ts';
import { all, any, fails, HOLDS, type Judgement, type Need, several } from './judgement.ts';
import {
  atLeast,
  atMost,
  ending,
  matching,
  NOT_EMPTY,
  noneOf,
  notOfAws,
  oneOf,
  outcomesOf,
  type TextTest,
} from './tests.ts';

/** One class of deployments, in which a control is asked. */
export interface Scene {
  readonly scope: TemplateScope;
  parameter(name: string): Parameter | undefined;
  /** `true`: the class has been split by this already, it will not be told apart further. */
  isMet(need: Need): boolean;
  /** Where one list has too many conditions of its own, its items are judged one by one. */
  readonly split: Split;
  /** Where it is given: takes the path of every value that is looked at. */
  readonly looked?: Path[];
}

/** A parameter, with the texts that it admits. */
export interface Parameter {
  readonly variable: Variable;
  readonly body: ParameterBody;
}

/** Which item of the outermost list is judged; the others count as holding. */
export interface Split {
  readonly only?: string;
  readonly seen: Set<string>;
  depth: number;
}

/** What stands at a place, once conditions on the way are decided. */
export type Content =
  | { readonly is: 'absent' }
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'list'; readonly items: readonly Place[] }
  | { readonly is: 'mapping'; readonly names: readonly string[]; readonly value: { readonly [name: string]: unknown } }
  | { readonly is: 'unknown'; readonly value: Unknown }
  | { readonly is: 'open'; readonly needs: readonly Need[] };

const ABSENT: Content = { is: 'absent' };

/**
 * A value of a template in one class of deployments. Nothing is evaluated before it is asked for, so that a verdict turns
 * only on what its control looks at. Paths are those of the source, through the branches of `Fn::If`.
 */
export class Place {
  readonly path: Path;
  readonly scene: Scene;
  readonly #value: Json | Resolved | undefined;
  #content: Content | undefined;
  #settledPath: Path;

  constructor(scene: Scene, path: Path, value: Json | Resolved | undefined) {
    this.scene = scene;
    this.path = path;
    this.#settledPath = path;
    this.#value = value;
  }

  /** The path for a message: that of the branch taken. */
  get here(): Path {
    void this.content;
    return this.#settledPath;
  }

  /** The last name of the path that is not a number or a function: what the place is called. */
  get name(): string {
    return String(this.path.findLast((part) => typeof part === 'string' && !part.startsWith('Fn::')));
  }

  get content(): Content {
    if (this.#content === undefined) {
      this.#content = this.#settle(this.#value, this.path);
      const { is } = this.#content;
      if (is !== 'absent' && is !== 'open') this.scene.looked?.push(this.#settledPath);
    }
    return this.#content;
  }

  #settle(value: Json | Resolved | undefined, path: Path): Content {
    this.#settledPath = path;
    if (value === undefined || value === null) return ABSENT;
    if (isUnknown(value)) return { is: 'unknown', value };
    if (typeof value === 'string' && value.includes('{{resolve:')) {
      const resolved = withDynamicReferences(value);
      return isUnknown(resolved) ? { is: 'unknown', value: resolved } : { is: 'text', text: String(resolved) };
    }
    if (typeof value !== 'object') return { is: 'text', text: String(value) };
    if (Array.isArray(value))
      return { is: 'list', items: value.map((item, index) => new Place(this.scene, [...path, index], item)) };
    const call = intrinsicOf(value as Json);
    if (!call || call.name === 'Condition') return { is: 'mapping', names: Object.keys(value), value };
    if (call.name === 'Fn::If') return this.#settleIf(call.argument, value as Json, [...path, 'Fn::If']);
    const evaluated = evaluate(value as Json, this.scene.scope, path);
    if (isObject(evaluated) && !isUnknown(evaluated))
      return { is: 'mapping', names: Object.keys(evaluated), value: evaluated };
    return this.#settle(evaluated, path);
  }

  #settleIf(argument: Json, whole: Json, path: Path): Content {
    const { scope } = this.scene;
    if (!Array.isArray(argument) || argument.length !== 3 || typeof argument[0] !== 'string')
      return { is: 'unknown', value: evaluate(whole, scope, path) as Unknown };
    const [condition, whenTrue, whenFalse] = argument;
    const verdict = scope.condition(condition, [...path, 0]);
    if (typeof verdict === 'boolean') return this.#settle(verdict ? whenTrue! : whenFalse!, [...path, verdict ? 1 : 2]);
    const need: Need = { condition };
    if (!this.scene.isMet(need)) return { is: 'open', needs: [need] };
    return { is: 'unknown', value: verdict };
  }

  /** A member, a member of that, and so on. Below what is absent or not known stands the same. */
  at(...names: readonly (string | number)[]): Place {
    let place: Place = this;
    for (const name of names) place = place.#member(name);
    return place;
  }

  #member(name: string | number): Place {
    const { content } = this;
    const path = [...this.here, name];
    if (content.is === 'list' && typeof name === 'number')
      return content.items[name] ?? new Place(this.scene, path, undefined);
    if (content.is === 'mapping') {
      const value = Object.hasOwn(content.value, name) ? (content.value[name] as Json) : undefined;
      // A macro may add what is not written.
      if (value === undefined && Object.hasOwn(content.value, 'Fn::Transform'))
        return new Place(
          this.scene,
          path,
          evaluate({ 'Fn::Transform': content.value['Fn::Transform'] as Json }, this.scene.scope, path)!,
        );
      return new Place(this.scene, path, value);
    }
    const member = new Place(this.scene, path, undefined);
    if (content.is === 'open' || content.is === 'unknown') {
      member.#content = content;
      member.#settledPath = this.here;
    }
    return member;
  }

  /** The members of a mapping that are written out, by name. */
  members(): readonly [string, Place][] {
    const { content } = this;
    return content.is === 'mapping' ? content.names.map((name) => [name, this.#member(name)]) : [];
  }

  /** What `Ref`, or an attribute, of a resource is; with the text, where it is known. */
  get text(): string | undefined {
    return this.content.is === 'text' ? this.content.text : undefined;
  }

  // ---- judgements

  /** Something is there: no empty text, and not removed by `AWS::NoValue`. */
  present(message?: string): Judgement {
    const { content } = this;
    if (content.is === 'mapping') return HOLDS;
    if (content.is === 'list')
      return any(
        content.items.map((item) => () => item.present()),
        fails(this.here, message ?? `${this.name} is empty`),
      );
    return this.test(NOT_EMPTY, message === undefined ? {} : { missing: message });
  }

  absent(message?: string): Judgement {
    const judgement = this.present();
    if (judgement.is === 'holds') return fails(this.here, message ?? `${this.name} is given`);
    return judgement.is === 'fails' ? HOLDS : judgement;
  }

  /** One of these values. Left out, it fails: for properties whose default is right there is `isNot`. */
  is(...values: readonly (string | number | boolean)[]): Judgement {
    return this.test(oneOf(values));
  }

  /** None of these values. Left out, it holds. */
  isNot(...values: readonly (string | number | boolean)[]): Judgement {
    return this.test(noneOf(values), { absent: HOLDS });
  }

  /** Not one of these names of AWS's own things: `default`, `alias/aws/…`. Left out, it holds. */
  isNotOfAws(...names: readonly string[]): Judgement {
    return this.test(notOfAws(names), { absent: HOLDS });
  }

  atLeast(number: number, options: Options = {}): Judgement {
    return this.test(atLeast(number), options);
  }

  atMost(number: number, options: Options = {}): Judgement {
    return this.test(atMost(number), options);
  }

  /** The whole text matches. `wanted` says in words what. */
  matches(pattern: RegExp, wanted: string, options: Options = {}): Judgement {
    return this.test(matching(pattern, wanted), options);
  }

  /** Its last characters, which are known where only the start turns on a deployment: `com.amazonaws.${AWS::Region}.ec2`. */
  endsWith(end: string): Judgement {
    return this.test(ending(end));
  }

  /** Judges every item; a single value counts as a list of one, as in policies. Absent: holds. */
  every(judge: (item: Place) => Judgement): Judgement {
    const items = this.#items();
    if (!Array.isArray(items)) return items as Judgement;
    const { split } = this.scene;
    split.depth++;
    const judgement = all(
      items.map((item) => () => {
        if (split.depth === 1) {
          const key = JSON.stringify(item.path);
          split.seen.add(key);
          if (split.only !== undefined && split.only !== key) return HOLDS;
        }
        const { content } = item;
        if (content.is === 'absent') return HOLDS;
        return content.is === 'open' ? { is: 'open', needs: content.needs } : judge(item);
      }),
    );
    split.depth--;
    return judgement;
  }

  /** One item at least fits. Absent: fails. */
  some(judge: (item: Place) => Judgement, otherwise: string): Judgement {
    const items = this.#items();
    if (!Array.isArray(items)) return items as Judgement;
    const { split } = this.scene;
    split.depth++; // lists inside are not split: their items do not count one by one here
    const judgement = any(
      items.map((item) => () => {
        const { content } = item;
        if (content.is === 'absent') return fails(item.path, otherwise);
        return content.is === 'open' ? { is: 'open', needs: content.needs } : judge(item);
      }),
      fails(this.here, otherwise),
    );
    split.depth--;
    return judgement;
  }

  /** So many items at least. Every region has two Availability Zones. Absent: fails. */
  hasItems(least: number): Judgement {
    const items = this.#items();
    const otherwise = fails(this.here, `${this.name} has fewer than ${least}`);
    if (Array.isArray(items))
      return several(
        least,
        items.map((item) => () => item.present()),
        otherwise,
      );
    const { content } = this;
    return content.is === 'unknown' && content.value.$unknown === 'zones' && least <= 2 ? HOLDS : (items as Judgement);
  }

  #items(): readonly Place[] | Judgement {
    const { content } = this;
    if (content.is === 'absent') return [];
    if (content.is === 'list') return content.items;
    if (content.is === 'open') return { is: 'open', needs: content.needs };
    if (content.is === 'unknown' && (content.value.list || content.value.$unknown === 'transform'))
      return this.depends(content.value, 'a list whose items are not known before deployment');
    return [this];
  }

  /** The text passes; for a parameter, which of its values do is found out. */
  test(test: TextTest, { absent, missing }: Options = {}): Judgement {
    const { content } = this;
    switch (content.is) {
      case 'absent':
        return absent ?? fails(this.here, missing ?? `${this.name} is missing; it must be ${test.wanted}`);
      case 'open':
        return { is: 'open', needs: content.needs };
      case 'text':
        return this.#outcome(test.passes(content.text), content.text, test);
      case 'unknown':
        return this.#testUnknown(content.value, test, absent);
      default:
        return fails(this.here, `${this.name} is a ${content.is}; it must be ${test.wanted}`);
    }
  }

  #outcome(passes: boolean, text: string, test: TextTest): Judgement {
    return passes ? HOLDS : fails(this.here, `${this.name} is ${quoted(text)}; it must be ${test.wanted}`);
  }

  #testUnknown(value: Unknown, test: TextTest, absent: Judgement | undefined): Judgement {
    const known = test.passesUnknown?.(value) ?? judgeOptions(value, test, absent);
    if (known !== undefined) return this.#outcome(known, this.#said(value), test);
    const named = parameterOf(value);
    const parameter = named === undefined ? undefined : this.scene.parameter(named);
    // A list of what EC2 has cannot be empty: CloudFormation looks each up.
    if (parameter && test === NOT_EMPTY && /^List<AWS::/.test(String(parameter.body.Type))) return HOLDS;
    if (parameter && !parameter.variable.list && parameter.variable.kind !== 'ssm')
      return this.#testParameter(parameter, value, test);
    const need: Need = { expression: value.expression };
    const mayTell = value.dependsOn.some(
      ({ kind }) => kind === 'parameter' || kind === 'condition' || kind === 'pseudo',
    );
    if (mayTell && !this.scene.isMet(need)) return { is: 'open', needs: [need] };
    return this.depends(value, `it must be ${test.wanted}`);
  }

  #testParameter({ variable, body }: Parameter, value: Unknown, test: TextTest): Judgement {
    const { passes, telling, divisible } = outcomesOf(test, variable, body, value.not ?? []);
    if (passes !== undefined) return this.#outcome(passes, this.#said(value), test);
    const need: Need = { parameter: variable.name, texts: telling };
    if (divisible && !this.scene.isMet(need)) return { is: 'open', needs: [need] };
    const settledBy = `AllowedValues for ${variable.name}, each of them ${test.wanted}`;
    return this.depends(value, `it must be ${test.wanted}`, settledBy);
  }

  #said({ expression, dependsOn }: Unknown): string {
    const [only] = dependsOn;
    return dependsOn.length === 1 && only!.kind === 'parameter'
      ? `parameter ${only!.name}`
      : JSON.stringify(expression);
  }

  depends(value: Unknown, message: string, settledBy?: string): Judgement {
    const on = value.dependsOn;
    const turns = on.length > 0 ? `turns on ${on.map(described).join(', ')}` : 'is not known before deployment';
    return {
      is: 'depends',
      path: this.here,
      message: `${this.name} ${turns}; ${message}`,
      on,
      ...(settledBy !== undefined && { settledBy }),
    };
  }

  /** The same text as stands at another place. */
  equals(other: Place): Judgement {
    const theirs = other.content;
    if (theirs.is === 'text') return this.is(theirs.text);
    if (theirs.is === 'open') return { is: 'open', needs: theirs.needs };
    const { content } = this;
    if (content.is === 'open') return { is: 'open', needs: content.needs };
    const no = () => fails(this.here, `${this.name} is not ${other.name}`);
    if (theirs.is !== 'unknown' || (content.is !== 'text' && content.is !== 'unknown')) return no();
    const same = compareResolved(content.is === 'text' ? content.text : content.value, theirs.value);
    if (same !== undefined) return same ? HOLDS : no();
    const need: Need = { expression: theirs.value.expression };
    const mayTell = theirs.value.dependsOn.some(({ kind }) => kind === 'parameter' || kind === 'condition');
    if (mayTell && !this.scene.isMet(need)) return { is: 'open', needs: [need] };
    return other.depends(theirs.value, `it may be ${this.name}`);
  }

  /** Names the resource: by `Ref`, an attribute, or the same name. */
  refersTo(subject: Subject, nameProperty?: string): Judgement {
    const { content } = this;
    const no = () => fails(this.here, `${this.name} does not name ${subject.id}`);
    if (content.is === 'open') return { is: 'open', needs: content.needs };
    if (content.is !== 'text' && content.is !== 'unknown') return no();
    if (content.is === 'unknown') {
      const { dependsOn, $unknown } = content.value;
      if (dependsOn.some(({ kind, name }) => kind === 'resource' && name === subject.id)) return HOLDS;
      if ($unknown === 'reference' || $unknown === 'attribute' || $unknown === 'invalid') return no();
    }
    const name = nameProperty === undefined ? undefined : subject.at(nameProperty).content;
    if (name?.is === 'open') return { is: 'open', needs: name.needs };
    const mine = content.is === 'text' ? content.text : content.value;
    if (name?.is === 'text' || name?.is === 'unknown') {
      const same = compareResolved(mine, name.is === 'text' ? name.text : name.value);
      if (same !== undefined) return same ? HOLDS : no();
    } else if (content.is === 'text') return no();
    if (content.is === 'text') return no();
    return this.depends(content.value, `it may name ${subject.id}`);
  }
}

/** A resource: the place of its properties. */
export class Subject extends Place {
  readonly id: string;
  readonly type: string;
  readonly #body: { readonly [name: string]: Json };

  constructor(scene: Scene, id: string, body: { readonly [name: string]: Json }) {
    super(scene, ['Resources', id, 'Properties'], isObject(body.Properties) ? body.Properties : {});
    this.id = id;
    this.type = String(body.Type);
    this.#body = body;
  }

  override get name(): string {
    return this.id;
  }

  /** What stands beside `Properties`: `DeletionPolicy`, `UpdateReplacePolicy`, `Metadata`. */
  beside(name: string): Place {
    return new Place(this.scene, ['Resources', this.id, name], this.#body[name]);
  }

  /** In this class of deployments. */
  exists(): Judgement {
    const condition = this.#body.Condition;
    if (typeof condition !== 'string') return HOLDS;
    const path = ['Resources', this.id, 'Condition'];
    const verdict = this.scene.scope.condition(condition, path);
    if (typeof verdict === 'boolean')
      return verdict ? HOLDS : fails(path, `${this.id} does not exist where ${condition} is false`);
    const need: Need = { condition };
    return this.scene.isMet(need) ? this.depends(verdict, 'whether it exists') : { is: 'open', needs: [need] };
  }
}

export interface Options {
  /** The judgement where nothing is given. By default it fails. */
  readonly absent?: Judgement;
  /** What is said where nothing is given. */
  readonly missing?: string;
}

function judgeOptions({ options }: Unknown, test: TextTest, absent: Judgement | undefined): boolean | undefined {
  if (options === undefined || options.length === 0) return undefined;
  const outcomes = new Set(
    options.map((option) => {
      if (isUnknown(option)) return judgeOptions(option, test, absent);
      if (isObject(option) && option.Ref === 'AWS::NoValue') return absent?.is === 'holds';
      return typeof option === 'object' ? false : test.passes(String(option));
    }),
  );
  return outcomes.size === 1 ? [...outcomes][0] : undefined;
}

function parameterOf({ $unknown, expression }: Unknown): string | undefined {
  return $unknown === 'parameter' && isObject(expression) && typeof expression.Ref === 'string'
    ? expression.Ref
    : undefined;
}

function described({ kind, name }: Dependency): string {
  return kind === 'pseudo' || kind === 'external' ? name : `${kind} ${name}`;
}

function quoted(text: string): string {
  return text === '' ? 'empty' : text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
