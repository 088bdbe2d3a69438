import { ADD_ONS, type AddOn, addOnTrouble } from './add-ons.ts';
import { type Purpose, SYSTEM_PARTS, type SystemPart, withWhatTheyNeed } from './parts.ts';

export interface Missing {
  readonly parts: readonly SystemPart[];
  readonly addOns: readonly { readonly addOn: AddOn; readonly trouble: string }[];
}

/** What these purposes need and this machine does not have. */
export function findMissing(asked: readonly Purpose[]): Missing {
  const purposes = withWhatTheyNeed(asked);
  return {
    parts: SYSTEM_PARTS.filter((part) => part.for.some((one) => purposes.includes(one)) && !part.isThere()),
    addOns: ADD_ONS.filter((addOn) => purposes.includes(addOn.for)).flatMap((addOn) => {
      const trouble = addOnTrouble(addOn);
      return trouble === undefined ? [] : [{ addOn, trouble }];
    }),
  };
}

/** For a ring that must not be skipped: throws with the remedy where something is missing. */
export function requireSystem(purpose: Purpose): void {
  const { parts, addOns } = findMissing([purpose]);
  const what = [
    ...parts.map((part) => part.what),
    ...addOns.map(({ addOn, trouble }) => `${addOn.name} (${trouble})`),
  ];
  if (what.length === 0) return;
  throw new Error(
    `This machine lacks what this ring needs: ${what.join(', ')}. Remedy: npm run setup:system -- ${purpose}`,
  );
}
