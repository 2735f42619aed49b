"""Serve an empty page of the pages' own template: ``python -m tests.perf.empty_page PORT``."""

import sys

import dashboards  # before panel, so that its files come from this machine

# isort: split
import panel as pn
import panel_material_ui as pmui
import uvicorn
from fastapi import FastAPI
from panel.io.fastapi import add_applications

from dashboards import _files


def page() -> pmui.Page:
    return pmui.Page(main=[pmui.Button(label="Nothing")])


def make_app() -> FastAPI:
    pn.extension("tabulator", notifications=False)
    app = FastAPI()
    app.router.routes.extend(_files.mounts(3600))
    add_applications({"/": page}, app=app, index_enabled=False, ico_path="none")
    app.add_middleware(_files.PanelFilesMiddleware)
    return app


if __name__ == "__main__":
    assert dashboards.ASSETS_ROOT
    uvicorn.run(make_app(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
