"""Every command and every example of the tutorial, the how-to guides and the README does what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.docs.reader import Differs, Reader

ROOT = Path(__file__).parents[2]
FOLLOWED = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("tutorial/*.md")),
    *sorted((ROOT / "docs").glob("how-to/*.md")),
]
SLOW = "<!-- slow -->"


def _parameter(page: Path):
    marks = [pytest.mark.slow] if SLOW in page.read_text("utf-8") else []
    return pytest.param(page, id=page.relative_to(ROOT).as_posix(), marks=marks)


@pytest.mark.parametrize("page", [_parameter(page) for page in FOLLOWED])
def test_a_page_can_be_followed(page, tmp_path):
    Reader(page, tmp_path).follow()


def _page(folder: Path, text: str) -> Path:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```console\n$ echo a\nb\n```", "-b\n\\+a"),
        ("```console\n$ false\n```", "exits with 1"),
        ("```pycon\n>>> 1 + 1\n3\n```", "Got:\n *2"),
        ("```yaml\na: 1\n```", "say what a block is"),
    ],
)
def test_a_page_that_shows_something_else_fails(tmp_path, text, said):
    with pytest.raises(Differs, match=said):
        Reader(_page(tmp_path, text), tmp_path).follow()


def test_commands_share_a_folder_and_variables_and_may_fail_where_the_page_says_so(tmp_path):
    text = "```console\n$ mkdir d && cd d && export A=1\n$ pwd; echo $A\n.../d\n1\n$ (exit 3)\n$ echo $?\n3\n```"
    assert Reader(_page(tmp_path, text), tmp_path).follow() == 1


def test_files_and_python_work_in_the_same_folder(tmp_path):
    text = "```yaml\n# m/a.yaml\nx: 1\n```\n```python\nfrom pathlib import Path\n```\n"
    text += "```pycon\n>>> Path('m/a.yaml').read_text()\n'# m/a.yaml\\nx: 1\\n'\n```"
    assert Reader(_page(tmp_path, text), tmp_path).follow() == 3
