"""Make the font files of ``reportgen/charts/fonts`` from the originals.

Inter 4 and JetBrains Mono come from Debian's ``fonts-inter`` and ``fonts-jetbrains-mono``. What is
kept: Latin, Greek, Cyrillic, punctuation, arrows and mathematical signs. Figures of equal width
(``tnum``) become the ordinary ones, because matplotlib and some print engines cannot ask for them.
The family gets a name of its own, so that an installed Inter is never taken for this one.

    python scripts/subset_fonts.py /usr/share/fonts
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

TARGET = Path(__file__).parent.parent / "reportgen" / "charts" / "fonts"
INTER = {"Regular": 400, "Medium": 500, "SemiBold": 600, "Bold": 700}
LATIN = [
    *range(0x20, 0x7F), *range(0xA0, 0x180), 0x218, 0x219, 0x21A, 0x21B,
    *range(0x391, 0x3CA), 0x2007, 0x2009, 0x200A, *range(0x2010, 0x2016), *range(0x2018, 0x201F),
    0x2020, 0x2022, 0x2026, 0x202F, 0x2030, 0x2032, 0x2033, 0x2039, 0x203A, 0x2044, 0x20AC, 0x2116,
    0x2122, *range(0x2070, 0x2072), *range(0x2074, 0x207C), *range(0x2080, 0x208A),
    *range(0x2190, 0x2194), 0x2202, 0x2206, 0x2211, 0x2212, 0x2215, 0x221A, 0x221E, 0x2229, 0x222B,
    0x2248, 0x2260, 0x2264, 0x2265, 0x25A0, 0x25B2, 0x25C6, 0x25C7, 0x25CF, 0x2713,
]  # fmt: skip
CYRILLIC = [*range(0x400, 0x460), 0x490, 0x491]


def tabular(font: TTFont) -> None:
    """Point the character map at the figures of equal width."""
    table = font["GSUB"].table
    swaps: dict[str, str] = {}
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag == "tnum":
            for index in record.Feature.LookupListIndex:
                for sub in table.LookupList.Lookup[index].SubTable:
                    swaps.update(getattr(sub, "ExtSubTable", sub).mapping)
    for cmap in font["cmap"].tables:
        for code in range(0x30, 0x3A):
            if code in cmap.cmap:
                cmap.cmap[code] = swaps.get(cmap.cmap[code], cmap.cmap[code])


def rename(font: TTFont, family: str, style: str) -> None:
    names = font["name"]
    for record in list(names.names):
        if record.nameID in (1, 3, 4, 6, 16, 17, 18, 21, 22, 25):
            names.removeNames(record.nameID)
    for name_id, text in {
        1: family if style in ("Regular", "Bold") else f"{family} {style}",
        2: style if style in ("Regular", "Bold") else "Regular",
        3: f"{family} {style}; subset with figures of equal width",
        4: f"{family} {style}",
        6: f"{family.replace(' ', '')}-{style}",
        16: family,
        17: style,
    }.items():
        names.setName(text, name_id, 3, 1, 0x409)
    if "CFF " in font:
        top = font["CFF "].cff
        top.fontNames = [f"{family.replace(' ', '')}-{style}"]
        top[0].FamilyName, top[0].FullName, top[0].Weight = family, f"{family} {style}", style


def subset(source: Path, target: Path, family: str, style: str, codes: list[int]) -> None:
    font = TTFont(source, recalcTimestamp=False)
    if family.startswith("Inter"):
        tabular(font)
    options = Options()
    options.layout_features = ["kern", "mark", "mkmk", "ccmp"]
    options.hinting = False
    options.desubroutinize = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14, 16, 17]
    options.notdef_outline = True
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    rename(font, family, style)
    font.save(target)
    font.flavor = "woff2"
    font.save(target.with_suffix(".woff2"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fonts", type=Path, help="folder with opentype/inter and truetype/…")
    fonts = parser.parse_args().fonts
    TARGET.mkdir(parents=True, exist_ok=True)
    for style, weight in INTER.items():
        source = fonts / "opentype" / "inter" / f"Inter-{style}.otf"
        subset(source, TARGET / f"inter-{weight}.otf", "Inter Report", style, LATIN + CYRILLIC)
    source = fonts / "truetype" / "jetbrains-mono" / "JetBrainsMono-Regular.ttf"
    codes = [*LATIN, *range(0x2500, 0x2520)]
    subset(source, TARGET / "mono-400.ttf", "JetBrains Mono Report", "Regular", codes)


if __name__ == "__main__":
    main()
