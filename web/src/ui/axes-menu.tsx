import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { fullLabel } from "../core/format";
import type { Lens } from "./lens";
import { Menu } from "./menu";
import { MOST_RELATED, orderByRelatedness } from "./relations";
import { Sortable } from "./sortable";

/** More entries than this are not listed; the search finds them. */
const MOST = 150;

/** Every column, shown or hidden: to tick, to put in order, to find. */
export function AxesMenu({ lens }: { lens: Lens }): JSX.Element {
  const all = lens.columns.length;
  const shown = lens.axes.value.length;
  return (
    <Menu
      class="ut-axes-menu"
      label={`Axes ${shown}/${all}: choose`}
      face={
        <>
          Axes <b>{shown}</b>/{all}
        </>
      }
    >
      {(close) => <Choices lens={lens} close={close} />}
    </Menu>
  );
}

function Choices({ lens, close }: { lens: Lens; close: () => void }): JSX.Element {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const wanted = text.trim().toLowerCase();
  const matches = (name: string) => {
    const { label, description } = lens.info(name);
    return [name, label, description].some((each) => each.toLowerCase().includes(wanted));
  };
  const axes = lens.axes.value;
  const on = new Set(axes);
  const found = axes.filter(matches);
  const hidden = lens.columns.map((column) => column.name).filter((name) => !on.has(name) && matches(name));
  const [shownFound, hiddenFound] = [found.slice(0, MOST), hidden.slice(0, MOST)];
  const more = found.length + hidden.length - shownFound.length - hiddenFound.length;
  const go = (name: string) => {
    if (!on.has(name)) lens.restore(name);
    lens.arrangement.sought.value = name;
    close();
  };
  return (
    <>
      <input
        type="search"
        class="ut-search"
        placeholder="Search axes; Enter goes there"
        aria-label="Search axes"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          const first = found[0] ?? hidden[0];
          if (event.key === "Enter" && first !== undefined) go(first);
        }}
      />
      <div class="ut-picks">
        <button type="button" disabled={hidden.length === 0} onClick={() => lens.show([...axes, ...hidden])}>
          Show {wanted ? "found" : "all"}
        </button>
        <button
          type="button"
          disabled={axes.length < 2}
          onClick={() => {
            // One axis stays: a plot without any could not be read.
            const kept = axes.filter((name) => !matches(name));
            lens.show(kept.length ? kept : axes.slice(0, 1));
          }}
        >
          Hide {wanted ? "found" : "all"}
        </button>
        <button type="button" onClick={() => lens.show(lens.engine.frame.axes)}>
          As at first
        </button>
        <button
          type="button"
          disabled={axes.length < 3 || axes.length > MOST_RELATED || busy}
          title={
            axes.length > MOST_RELATED
              ? `Of up to ${MOST_RELATED} axes`
              : "Puts axes beside those that they know most of, so that bundles show"
          }
          onClick={() => {
            setBusy(true);
            void orderByRelatedness(lens).finally(() => setBusy(false));
          }}
        >
          {busy ? "Counting …" : "By relatedness"}
        </button>
      </div>
      {shownFound.length > 0 && <h3>Shown</h3>}
      <Sortable
        items={shownFound}
        label={(name) => fullLabel(lens.info(name))}
        // What the search leaves out keeps its places.
        onOrder={(items) => {
          const moved = new Set(items);
          let next = 0;
          lens.axes.value = axes.map((name) => (moved.has(name) ? items[next++]! : name));
        }}
      >
        {(name) => <Entry lens={lens} name={name} on={true} last={axes.length === 1} onGo={go} />}
      </Sortable>
      {hiddenFound.length > 0 && <h3>Hidden</h3>}
      <ul>
        {hiddenFound.map((name) => (
          <li key={name}>
            <Entry lens={lens} name={name} on={false} last={false} onGo={go} />
          </li>
        ))}
      </ul>
      {more > 0 && <p>and {more} more; search to find them</p>}
      {found.length + hidden.length === 0 && <p>No axis is called that.</p>}
    </>
  );
}

interface EntryProps {
  readonly lens: Lens;
  readonly name: string;
  readonly on: boolean;
  readonly last: boolean;
  readonly onGo: (name: string) => void;
}

function Entry({ lens, name, on, last, onGo }: EntryProps): JSX.Element {
  const info = lens.info(name);
  return (
    <>
      <label title={info.description}>
        <input
          type="checkbox"
          checked={on}
          disabled={last}
          onChange={() => (on ? lens.hide(name) : lens.restore(name))}
        />
        {fullLabel(info)}
      </label>
      <button
        type="button"
        class="ut-go"
        aria-label={`Go to ${fullLabel(info)}`}
        title="Go to this axis"
        onClick={() => onGo(name)}
      >
        →
      </button>
    </>
  );
}
