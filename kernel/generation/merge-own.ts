import { StoppingCriteria } from './stopping-criteria';
import { warnOnce } from './warnings';

/**
 * Built-in parts with the caller's: one of the same class takes the built-in's place, the rest follow.
 */
export function mergeOwn<T extends object>(builtIn: readonly T[], own: readonly T[]): T[] {
  const merged: T[] = builtIn.map(part => {
    const replacement = own.find(mine => typeof mine === 'object' && mine.constructor === part.constructor);
    if (!replacement) {
      return part;
    }
    const kind = replacement instanceof StoppingCriteria ? 'stopping criteria' : 'logits processor';
    const name = part.constructor.name;
    warnOnce(
      `A custom ${kind} of type ${name} has been passed to \`.generate()\`, but it was also created in ` +
        `\`.generate()\`, given its parameterization. The custom ${name} will take precedence. Please check the ` +
        `docstring of ${name} to see related \`.generate()\` flags.`
    );
    return replacement;
  });
  return [...merged, ...own.filter(mine => !merged.includes(mine))];
}
