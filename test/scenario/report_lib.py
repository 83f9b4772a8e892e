"""Readers of reports that share nothing with what wrote them: tables of HTML, sheets of Excel files."""
import html.parser
import re
import xml.etree.ElementTree
import zipfile


class Tables(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tables, self.text, self.scripts = {}, [], 0
        self.caption = self.cell = None

    def handle_starttag(self, tag, attrs):
        self.scripts += tag in ("script", "iframe", "img", "link", "object") or any(k.startswith("on") for k, _ in attrs)
        if tag == "caption":
            self.caption = ""
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.cell = ""
        elif tag == "table":
            self.rows = []

    def handle_endtag(self, tag):
        if tag == "caption":
            self.tables[re.sub(r"^(Table \d+\. |表\d+\u3000)", "", self.caption)] = self.rows
            self.caption = None
        elif tag in ("td", "th"):
            self.rows[-1].append(self.cell)
            self.cell = None

    def handle_data(self, data):
        self.text.append(data)
        if self.caption is not None:
            self.caption += data
        if self.cell is not None:
            self.cell += data


def read_html(text):
    page = Tables()
    page.feed(text)
    return page


def read_xlsx(path):
    """Sheets by name: rows of values; and all formulas and links."""
    ns = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(path) as z:
        tree = lambda name: xml.etree.ElementTree.fromstring(z.read(name))
        strings = ["".join(t.text or "" for t in si.iter(f"{{{ns['m']}}}t")) for si in tree("xl/sharedStrings.xml")]
        names = [s.get("name") for s in tree("xl/workbook.xml").find("m:sheets", ns)]
        sheets, formulas = {}, 0
        for number, name in enumerate(names, 1):
            rows = []
            sheet = tree(f"xl/worksheets/sheet{number}.xml")
            for row in sheet.iter(f"{{{ns['m']}}}row"):
                values = []
                for cell in row:
                    v = cell.find("m:v", ns)
                    formulas += cell.find("m:f", ns) is not None
                    if v is not None:
                        values.append(strings[int(v.text)] if cell.get("t") == "s" else float(v.text))
                rows.append(values)
            sheets[re.sub(r"^\d+ ", "", name)] = rows
        links = sum(z.read(n).count(b'TargetMode="External"') for n in z.namelist() if n.endswith(".rels"))
        pictures = [n for n in z.namelist() if n.endswith(".png")]
        charts = [n for n in z.namelist() if re.match(r"xl/charts/chart\d", n)]
        return sheets, formulas, links, pictures, charts
