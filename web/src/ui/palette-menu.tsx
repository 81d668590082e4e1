import type { JSX } from "preact";
import type { Colouring, Palette } from "../core/colour";
import { css, dressed, palette, PLAIN_COLOURING, rampColour } from "../core/colour";
import { CATEGORICAL, DIVERGING, isCategorical, parseScheme, schemeLabel, SEQUENTIAL } from "../core/schemes";
import { CheckBox } from "./check-box";
import type { Lens } from "./lens";
import { Menu } from "./menu";
import { NumberField } from "./number-field";
import type { Theme } from "./theme";

interface PaletteProps {
  readonly lens: Lens;
  readonly theme: Theme;
  readonly name: string;
}

/** Which colours: a scheme, turned round or about a midpoint, or a colour of one's own for each category. */
export function PaletteMenu({ lens, theme, name }: PaletteProps): JSX.Element {
  return (
    <Menu class="ut-palette" label="Colours: choose" face={<Drop />}>
      {() => <Choices lens={lens} theme={theme} name={name} />}
    </Menu>
  );
}

function Choices({ lens, theme, name }: PaletteProps): JSX.Element {
  const colouring = lens.colouring.of(name);
  const { categories: hues } = theme.palette.value;
  const categories = lens.categories(name);
  const byHue = categories !== null && categories.length <= hues.length;
  const choose = (change: Partial<Colouring>) => lens.colouring.choose(name, change);
  return (
    <>
      <Schemes lens={lens} theme={theme} name={name} byHue={byHue} />
      {byHue ? (
        <>
          <h3>Own colours</h3>
          <ul>
            {categories.map((category, i) => (
              <li key={category}>
                <label>
                  <input
                    type="color"
                    value={`#${hues[i]!.map((c) => c.toString(16).padStart(2, "0")).join("")}`}
                    onChange={(event) => choose({ own: { ...colouring.own, [category]: event.currentTarget.value } })}
                  />
                  {category}
                </label>
              </li>
            ))}
          </ul>
        </>
      ) : (
        <>
          <CheckBox label="Reversed" checked={colouring.reversed} onChange={(reversed) => choose({ reversed })} />
          {categories === null && <Midpoint lens={lens} name={name} midpoint={colouring.midpoint} choose={choose} />}
        </>
      )}
      {colouring !== PLAIN_COLOURING && (
        <button type="button" class="ut-small" onClick={() => choose(PLAIN_COLOURING)}>
          As at first
        </button>
      )}
    </>
  );
}

function Schemes({ lens, theme, name, byHue }: PaletteProps & { readonly byHue: boolean }): JSX.Element {
  const { scheme } = lens.colouring.of(name);
  const [base, dark] = [palette(theme.name.value), theme.name.value];
  const given = typeof scheme === "string" ? parseScheme(scheme).name : null;
  const offered: readonly string[] = byHue ? CATEGORICAL : [...SEQUENTIAL, ...DIVERGING];
  // A script may have chosen one that is not offered.
  const also = given && !offered.includes(given) && isCategorical(given) === byHue ? [given] : [];
  return (
    <div class="ut-schemes" role="radiogroup" aria-label="Colour scheme">
      {["", ...also, ...offered].map((each) => (
        <label key={each} class="ut-check">
          <input
            type="radio"
            name={`ut-scheme-${lens.engine.frame.lens}`}
            checked={each === given || (each === "" && given === null)}
            onChange={() => lens.colouring.choose(name, { scheme: each, own: {} })}
          />
          <i
            style={{
              background: strip(dressed(base, dark, { ...PLAIN_COLOURING, scheme: each }, null, null, 8), byHue),
            }}
          />
          {each ? schemeLabel(each) : byHue ? "Okabe–Ito" : "Tide"}
        </label>
      ))}
    </div>
  );
}

function Midpoint(props: {
  readonly lens: Lens;
  readonly name: string;
  readonly midpoint: number | null;
  readonly choose: (change: Partial<Colouring>) => void;
}): JSX.Element {
  const { lens, name, midpoint, choose } = props;
  const [low, high] = lens.scale(name).domain;
  const start = low < 0 && high > 0 ? 0 : lens.scale(name).invert(0.5);
  return (
    <>
      <CheckBox
        label="Midpoint"
        title="The value in the middle of the colours, for values that part at it"
        checked={midpoint !== null}
        onChange={(on) => choose({ midpoint: on ? start : null })}
      />
      {midpoint !== null && (
        <NumberField
          kind={lens.info(name).kind}
          label="at"
          value={midpoint}
          onValue={(value) => {
            const at = lens.scale(name).position(value);
            if (!(at > 0 && at < 1)) return "outside the colours";
            choose({ midpoint: value });
            return "";
          }}
        />
      )}
    </>
  );
}

function strip({ ramp, categories }: Palette, byHue: boolean): string {
  const colours = byHue
    ? categories.slice(0, 8).flatMap((hue, i) => [`${css(hue)} ${12.5 * i}%`, `${css(hue)} ${12.5 * (i + 1)}%`])
    : Array.from({ length: 17 }, (_, i) => css(rampColour(ramp, i / 16)));
  return `linear-gradient(to right, ${colours.join(",")})`;
}

function Drop(): JSX.Element {
  return (
    <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <path d="M7 1.2C9.6 4.6 11 6.7 11 8.7a4 4 0 0 1-8 0c0-2 1.4-4.1 4-7.5z" fill="none" stroke="currentColor" />
      <path d="M7 1.2C9.6 4.6 11 6.7 11 8.7a4 4 0 0 1-4 4z" fill="currentColor" />
    </svg>
  );
}
