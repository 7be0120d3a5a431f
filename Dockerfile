FROM python:3.12-slim
WORKDIR /app
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY gaze gaze
COPY templates templates
COPY static static
COPY workflows workflows
COPY data data
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e .
# The user's library is mounted here; the program's own starter library stays in /app.
ENV GAZE_ROOT=/library GAZE_HOST=0.0.0.0
RUN useradd --create-home gaze && mkdir /library && chown gaze /library
USER gaze
EXPOSE 5000
CMD ["gaze", "web"]
